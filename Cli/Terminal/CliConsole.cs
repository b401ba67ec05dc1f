using System.Globalization;
using Spectre.Console;

namespace PciBackFlow.Cli.Terminal;

/// <summary>
/// Where a run writes to and how it is interrupted. Results go to <see cref="Output"/>, everything else (progress, remarks,
/// failures) to <see cref="Error"/>, so that a pipe carries results alone. One thread at a time.
/// </summary>
public sealed class CliConsole
{
    // Wider than any row: a table in a pipe or a file is cut and matched by other programs, so no cell may wrap.
    private const int UnboundedWidth = 4096;

    private readonly Func<CancellationToken> _interruption;
    private readonly Action? _watchReader;

    /// <summary>A console.</summary>
    /// <param name="output">Receives results.</param>
    /// <param name="error">Receives remarks and failures.</param>
    /// <param name="progress">Receives progress: the stream behind <paramref name="error"/>, for writing without allocating.</param>
    /// <param name="outputIsTerminal">Whether a person sees the output directly.</param>
    /// <param name="progressIsTerminal">Whether a person sees the progress directly.</param>
    /// <param name="interruption">Called once by verbs that end early on Ctrl-C; the token is cancelled by the first one.</param>
    /// <param name="watchReader">Called by verbs whose token shall be cancelled, too, when nobody reads the output any more; null where nobody does.</param>
    public CliConsole(
        TextWriter output, TextWriter error, Stream progress, bool outputIsTerminal, bool progressIsTerminal, Func<CancellationToken> interruption,
        Action? watchReader = null)
    {
        Output = output;
        Error = error;
        Progress = progress;
        ProgressIsTerminal = progressIsTerminal;
        OutputIsTerminal = outputIsTerminal;
        _interruption = interruption;
        _watchReader = watchReader;
    }

    /// <summary>Results.</summary>
    public TextWriter Output { get; }

    /// <summary>Remarks, failures.</summary>
    public TextWriter Error { get; }

    /// <summary>Progress.</summary>
    public Stream Progress { get; }

    /// <summary>Whether a person sees <see cref="Output"/> directly.</summary>
    public bool OutputIsTerminal { get; }

    /// <summary>Whether a live line makes sense on <see cref="Progress"/>.</summary>
    public bool ProgressIsTerminal { get; }

    /// <summary>From now on the first Ctrl-C (or SIGTERM) cancels the token instead of ending the process.</summary>
    /// <returns>The token.</returns>
    public CancellationToken CatchInterruption() => _interruption();

    /// <summary>For a verb that prints until it is ended: the end of whoever reads it (<c>| head</c>) is an interruption from now on.</summary>
    public void EndWithReader() => _watchReader?.Invoke();

    /// <summary>Writes a remark for the person at the terminal, not part of the result.</summary>
    /// <param name="text">One sentence.</param>
    public void Remark(string text) => Error.WriteLine($"pcibackflow: {text}");

    /// <summary>Writes a remark for each of several texts.</summary>
    /// <param name="texts">One sentence each.</param>
    public void Remarks(IReadOnlyList<string> texts)
    {
        foreach (string text in texts)
        {
            Remark(text);
        }
    }

    /// <summary>Writes a table to <see cref="Output"/>.</summary>
    /// <param name="table">The table.</param>
    public void WriteTable(Table table)
    {
        if (OutputIsTerminal)
        {
            Create(Output, isTerminal: true).Write(table);
            return;
        }

        // Columns are padded to their width; a file keeps no trailing blanks.
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Create(text, isTerminal: false).Write(table);
        foreach (string line in text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Output.WriteLine(line.TrimEnd());
        }
    }

    private static IAnsiConsole Create(TextWriter writer, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
        {
            console.Profile.Width = UnboundedWidth;
        }

        return console;
    }
}
