using System.CommandLine;
using PciBackFlow.Cli.Parsing;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>host-suspend</c> and <c>host-resume</c>: what the service manager runs around the host's sleep.</summary>
internal static class HostSleepVerbs
{
    public static Verb CreateSuspend(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        Option<bool> force = Words.Flag("--force", "sleep although guests have devices, whose drivers are not told");
        var command = new Command("host-suspend", "before this host sleeps: refused while a guest has a device; else the devices' settings are kept") { force };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            daemon.Tell(parsed, "let the host sleep", (client, cancel) => client.SuspendAsync(parsed.GetValue(force), cancel));
            return ExitCode.Done;
        });
        return new Verb(command, "pcibackflow host-suspend");
    }

    public static Verb CreateResume(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        var command = new Command("host-resume", "when this host is awake again: brings the devices back to power and to their settings");
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            daemon.Tell(parsed, "bring the devices back", (client, cancel) => client.ResumeAsync(cancel));
            return ExitCode.Done;
        });
        return new Verb(command, "pcibackflow host-resume");
    }
}
