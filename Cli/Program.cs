using System.Text;

namespace PciBackFlow.Cli;

/// <summary>The program.</summary>
public static class Program
{
    private const int OutputBufferBytes = 1 << 16;

    /// <summary>Runs one command line on the process's own streams.</summary>
    /// <param name="args">The words after the program's name.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static int Main(string[] args)
    {
        // The console's own writer flushes after every call, which is slow for a dump of many functions. Its stream, kept here,
        // treats a closed pipe (| head) as the end of interest, not as an error; a verb without an end has to ask for it (EndWithReader).
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), OutputBufferBytes);
        using var interruption = new Interruption();
        using Stream progress = Console.OpenStandardError();
        var console = new CliConsole(
            output, Console.Error, progress, !Console.IsOutputRedirected, !Console.IsErrorRedirected, interruption.Catch,
            Console.IsOutputRedirected ? interruption.WatchReader : null);
        return CliRunner.Run(args, console);
    }
}
