using Spectre.Console;

namespace PciBackFlow.Cli;

/// <summary>
/// Where a run writes to and how it is interrupted. Results go to <see cref="Output"/>, everything else (progress, remarks,
/// failures) to <see cref="Error"/>, so that a pipe carries results alone. One thread at a time.
/// </summary>
public sealed class CliConsole
{
    // Wider than any row: a table in a pipe or a file is cut and matched by other programs, so no cell may wrap.
    private const int UnboundedWidth = 4096;

    private readonly Func<CancellationToken> _interruption;

    /// <summary>A console.</summary>
    /// <param name="output">Receives results.</param>
    /// <param name="error">Receives everything else.</param>
    /// <param name="outputIsTerminal">Whether a person sees the output directly.</param>
    /// <param name="errorIsTerminal">Whether a person sees the error stream directly.</param>
    /// <param name="interruption">Called once by verbs that end early on Ctrl-C; the token is cancelled by the first one.</param>
    public CliConsole(TextWriter output, TextWriter error, bool outputIsTerminal, bool errorIsTerminal, Func<CancellationToken> interruption)
    {
        Output = output;
        Error = error;
        ErrorIsTerminal = errorIsTerminal;
        Tables = Create(output, outputIsTerminal);
        Live = Create(error, errorIsTerminal);
        _interruption = interruption;
    }

    /// <summary>Results.</summary>
    public TextWriter Output { get; }

    /// <summary>Progress, remarks, failures.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether a live view makes sense on <see cref="Error"/>.</summary>
    public bool ErrorIsTerminal { get; }

    /// <summary>Draws tables on <see cref="Output"/>.</summary>
    public IAnsiConsole Tables { get; }

    /// <summary>Draws live views on <see cref="Error"/>.</summary>
    public IAnsiConsole Live { get; }

    /// <summary>From now on the first Ctrl-C (or SIGTERM) cancels the token instead of ending the process.</summary>
    /// <returns>The token.</returns>
    public CancellationToken CatchInterruption() => _interruption();

    /// <summary>Writes a remark for the person at the terminal, not part of the result.</summary>
    /// <param name="text">One sentence.</param>
    public void Remark(string text) => Error.WriteLine($"pcibackflow: {text}");

    private static IAnsiConsole Create(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
            console.Profile.Width = UnboundedWidth;
        return console;
    }
}
