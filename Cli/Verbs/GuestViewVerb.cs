using System.CommandLine;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Captures;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>guest-view</c>: what a guest sees of a function, as a dump.</summary>
internal static class GuestViewVerb
{
    public static Verb Create(CliConsole console)
    {
        var source = new SourceOptions();
        var policy = new PolicyOptions();
        var json = Words.Flag("--json", "print a JSON array instead of a dump");
        var command = new Command("guest-view", "print what a guest sees of functions, as an lspci -xxxx dump that lspci -F reads") { json };
        source.AddTo(command);
        policy.AddTo(command);
        command.SetAction(parsed =>
        {
            var rules = policy.Resolve(parsed);
            var functions = source.Resolve(parsed, console);
            var viewable = functions.Functions.Where(FunctionSet.IsViewable).ToArray();
            var views = viewable.Select(one =>
            {
                using var function = one.Open();
                return (Function: one, function.Size, View: GuestView.Of(function, rules));
            });
            if (parsed.GetValue(json))
            {
                ViewJson.Write(console.Output, [.. views]);
            }
            else
            {
                foreach (var (function, _, view) in views)
                    LspciDumpWriter.Write(console.Output, function.Address, function.Description, view.Bytes.Span);
            }

            var refused = functions.Functions.Except(viewable).ToArray();
            return refused.Length == 0 ? ExitCode.Done : throw FunctionSet.Refused(refused);
        });
        return new Verb(
            command,
            "pcibackflow guest-view --builtin e1000e",
            "pcibackflow guest-view --device 00:02.0 > guest.txt; lspci -F guest.txt -vvv",
            "pcibackflow guest-view --from-dump machine.txt --function 03:00.0 --permissive");
    }
}
