using System.CommandLine;
using PciBackFlow.Backend.Control.Api;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>reload</c>: the daemon reads its configuration again.</summary>
internal static class ReloadVerb
{
    public static Verb Create(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        var command = new Command("reload", "have the daemon read its configuration again and put its policies in force, without a guest noticing");
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            ReloadReport report = daemon.Ask(parsed, "read the configuration again", (client, cancel) => client.ReloadAsync(cancel));
            console.Output.WriteLine(report.Changed.Count == 0
                ? "no function's policy has changed"
                : $"under another policy now: {string.Join(", ", report.Changed)}");
            if (report.Waiting.Count > 0)
            {
                console.Remark($"as soon as their guests leave them alone for a moment: {string.Join(", ", report.Waiting)}");
            }

            if (report.NeedRestart.Count > 0)
            {
                console.Remark($"changed too, but read at the start only: {string.Join(", ", report.NeedRestart)}; restart the daemon for that");
            }

            return ExitCode.Done;
        });
        return new Verb(
            command,
            "pcibackflow reload",
            "pcibackflow learn --trace denied.trace --policy /etc/pcibackflow/nic.json --output /etc/pcibackflow/nic.json && pcibackflow reload");
    }
}
