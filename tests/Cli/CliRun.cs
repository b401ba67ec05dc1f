using System.Text.Json;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests;

/// <summary>One command line, run through the entry point's own runner with captured streams.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Errors, string Progress)
{
    public static CliRun Of(params string[] args) => Of(CancellationToken.None, args);

    public static CliRun Of(CancellationToken interruption, params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        using var progress = new MemoryStream();
        int code = CliRunner.Run(args, new CliConsole(output, errors, progress, outputIsTerminal: false, progressIsTerminal: false, () => interruption));
        var run = new CliRun(code, output.ToString(), errors.ToString(), System.Text.Encoding.UTF8.GetString(progress.ToArray()));
        // Nothing the program prints may look like a stack trace, whatever the test is about.
        Assert.DoesNotContain("   at ", run.Output + run.Errors, StringComparison.Ordinal);
        return run;
    }

    /// <summary>Runs words separated by single spaces.</summary>
    public static CliRun OfLine(string line) => Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public CliRun Succeeded()
    {
        Assert.True(ExitCode == Terminal.ExitCode.Done, $"exit code {ExitCode}: {Errors}");
        return this;
    }

    public JsonElement Json() => JsonDocument.Parse(Succeeded().Output).RootElement.Clone();
}
