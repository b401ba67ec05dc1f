using System.CommandLine;
using System.Text;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Cli.Terminal;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>policy</c>: the policies that ship, and what any policy opens.</summary>
internal static class PolicyVerb
{
    public static Verb Create(CliConsole console)
    {
        Command list = CreateList(console);
        Command show = CreateShow(console);
        Command tried = CreateTry(console);
        var command = new Command("policy", "the policies that ship with the program, and what any policy opens") { list, show, tried };
        return new Verb(command, "pcibackflow policy list", "pcibackflow policy try policy.json --device 03:00.0")
        {
            Below = new Dictionary<Command, string[]>
            {
                [list] = ["pcibackflow policy list", "pcibackflow policy list --json"],
                [show] = ["pcibackflow policy show igb", "pcibackflow policy show igb > nic.json"],
                [tried] = ["pcibackflow policy try igb --device 03:00.0", "pcibackflow policy try policy.json --builtin e1000e --json"],
            },
        };
    }

    private static Command CreateList(CliConsole console)
    {
        Option<bool> json = Words.Flag("--json", "print a JSON array instead of a table");
        var command = new Command("list", "list the policies that ship: for which driver and devices, and what a guest has without them") { json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json))
            {
                CliJson.Write(console.Output, ShippedPolicies.Table);
            }
            else
            {
                PolicyText.Write(console, ShippedPolicies.Table);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateShow(CliConsole console)
    {
        var name = new Argument<string>("NAME") { Description = "one that policy list prints" };
        name.CompletionSources.Add(_ => ShippedPolicies.Names.Select(static one => new System.CommandLine.Completions.CompletionItem(one)));
        var command = new Command("show", "print a policy that ships, as a file to keep and change") { name };
        command.SetAction(parsed =>
        {
            string wanted = parsed.GetRequiredValue(name);
            if (!ShippedPolicies.TryRead(wanted, out byte[]? utf8))
            {
                string remedy = WordSuggestions.Closest(wanted, ShippedPolicies.Names) is { } close
                    ? $"Did you mean '{close}'?" : "See: pcibackflow policy list";
                throw new VerbException($"no policy '{wanted}' ships", $"there are {string.Join(", ", ShippedPolicies.Names)}", remedy)
                {
                    Code = ExitCode.WrongWords,
                };
            }

            console.Output.Write(Encoding.UTF8.GetString(utf8));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateTry(CliConsole console)
    {
        var source = new SourceOptions();
        var policy = new Argument<string>("FILE|NAME") { Description = "a policy file, or one that policy list prints" };
        Option<bool> json = Words.Flag("--json", "print a JSON object");
        const string Description = "print what a policy opens of a function, and what of that is dangerous to others than its guest (exit code 1)";
        var command = new Command("try", Description) { policy, json };
        source.AddTo(command);
        command.SetAction(parsed =>
        {
            AccessPolicy tried = PolicyOptions.Load(parsed.GetRequiredValue(policy)).ApplyTo(AccessPolicy.Default);
            SourceFunction chosen = source.ResolveOne(parsed, console, "trying it on");
            CaptureRemarks.Say(console, chosen);
            using IPciFunction function = chosen.Open();
            var trial = PolicyTrial.Of(function, tried);
            if (parsed.GetValue(json))
            {
                CliJson.Write(console.Output, trial);
            }
            else
            {
                PolicyText.Write(console.Output, trial, chosen);
            }

            console.Remarks(trial.Problems);
            return trial.Hazards.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }
}
