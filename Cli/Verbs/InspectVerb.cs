using System.CommandLine;
using System.Text.Json;
using PciBackFlow.Cli.Output;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>inspect</c>: the daemon's live object tree, or a part of it.</summary>
internal static class InspectVerb
{
    public static Verb Create(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        var path = new Argument<string>("PATH")
        {
            Description = "the part: names separated by slashes, as in guests/3/functions/0000:00:04.0; without it everything",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("inspect", "print the daemon's live object tree as JSON: what a restart saves, and what it is made of") { path };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            string part = (parsed.GetValue(path) ?? string.Empty).Trim('/');
            string what = part.Length == 0 ? "inspect the daemon" : $"inspect {part}";
            JsonElement found = daemon.Ask(parsed, what, (client, cancel) => client.InspectAsync(part, cancel));
            CliJson.Write(console.Output, found);
            return ExitCode.Done;
        });
        return new Verb(command, "pcibackflow inspect", "pcibackflow inspect guests/7/functions/0000:03:00.0", "pcibackflow inspect journal");
    }
}
