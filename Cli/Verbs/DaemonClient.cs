using System.CommandLine;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Serve;

namespace PciBackFlow.Cli.Verbs;

/// <summary>What every verb that asks the daemon has in common: where the daemon is, and how its refusals end the program.</summary>
internal sealed class DaemonClient(CliConsole console)
{
    private readonly Option<string?> _run = Words.Text("--run", "DIR", $"the run directory of the daemon [default: {DaemonConfiguration.DefaultRunDirectory}]");

    public void AddTo(Command command) => command.Add(_run);

    /// <summary>Asks, and waits for the answer; Ctrl-C gives up.</summary>
    /// <exception cref="VerbException">No daemon answers, or it failed or refused; in the daemon's own words.</exception>
    public T Ask<T>(ParseResult parsed, string what, Func<ControlClient, CancellationToken, Task<T>> ask)
    {
        try
        {
            var client = new ControlClient(ControlSocket.PathIn(RunDirectory(parsed)));
            return ask(client, console.CatchInterruption()).GetAwaiter().GetResult();
        }
        catch (DaemonUnreachableException absent)
        {
            throw new VerbException(
                $"cannot {what}", absent.Message, $"Start it (systemctl start pcibackflow), or name its run directory with {_run.Name}.",
                absent);
        }
        catch (BackendException failure)
        {
            // A message that points at a character goes on below its first line.
            string[] lines = failure.Message.Split('\n', 2);
            throw new VerbException($"cannot {what}", lines[0], lines.Length > 1 ? Unindented(lines[1]) : null, failure) { Code = (int)failure.Failure };
        }
        catch (OperationCanceledException interrupted)
        {
            throw new VerbException($"cannot {what}", "interrupted", "See pcibackflow status for what was done.", interrupted);
        }
    }

    /// <summary>Asks, where an answer is welcome but not needed.</summary>
    /// <param name="parsed">The words.</param>
    /// <param name="ask">What is asked.</param>
    /// <param name="why">Why there is none, in the client's or the daemon's words; null when there is one.</param>
    /// <returns>The answer; null when no daemon answers, or it failed.</returns>
    public T? TryAsk<T>(ParseResult parsed, Func<ControlClient, CancellationToken, Task<T>> ask, out string? why)
        where T : class
    {
        try
        {
            why = null;
            return ask(new ControlClient(ControlSocket.PathIn(RunDirectory(parsed))), CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception failure) when (failure is DaemonUnreachableException or BackendException)
        {
            why = failure.Message;
            return null;
        }
    }

    /// <summary>The run directory that the words name, or the usual one.</summary>
    public string RunDirectory(ParseResult parsed) => parsed.GetValue(_run) ?? DaemonConfiguration.DefaultRunDirectory;

    /// <inheritdoc cref="Ask{T}"/>
    public void Tell(ParseResult parsed, string what, Func<ControlClient, CancellationToken, Task> tell) => Ask(parsed, what, async (client, cancel) =>
    {
        await tell(client, cancel).ConfigureAwait(false);
        return true;
    });

    // Lines below the first are indented as an advice is where it is printed, which indents its first line itself.
    private static string Unindented(string lines) => lines.StartsWith("  ", StringComparison.Ordinal) ? lines[2..] : lines;
}
