using System.CommandLine;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>status</c>: the running daemon at a glance.</summary>
internal static class StatusVerb
{
    public static Verb Create(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        Option<bool> json = Words.Flag("--json", "print one JSON object");
        var command = new Command("status", "the running daemon: guests, devices, the policy that holds and where it comes from") { json };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            StatusReport status = daemon.Ask(parsed, "read the status", (client, cancel) => client.StatusAsync(cancel));
            if (parsed.GetValue(json))
            {
                CliJson.Write(console.Output, status);
            }
            else
            {
                StatusText.Write(console, status);
            }

            return ExitCode.Done;
        });
        return new Verb(command, "pcibackflow status", "pcibackflow status --json | jq '.guests[].counters'");
    }
}
