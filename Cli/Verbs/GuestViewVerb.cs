using System.CommandLine;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Captures;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>guest-view</c>: what a guest sees of a function, as a dump.</summary>
internal static class GuestViewVerb
{
    public static Verb Create(CliConsole console)
    {
        var source = new SourceOptions();
        var policy = new PolicyOptions();
        Option<bool> json = Words.Flag("--json", "print a JSON array instead of a dump");
        Option<bool> verify = Words.Flag(
            "--verify-shadow", "also compare every answer that is served from the shadow with the hardware; exit code 1 when one differs");
        var command = new Command("guest-view", "print what a guest sees of functions, as an lspci -xxxx dump that lspci -F reads") { verify, json };
        source.AddTo(command);
        policy.AddTo(command);
        command.SetAction(parsed =>
        {
            PolicyResolver policies = policy.Resolve(parsed);
            FunctionSet functions = source.Resolve(parsed, console);
            SourceFunction[] viewable = functions.Functions.Where(FunctionSet.IsViewable).ToArray();
            int code = Show(console, viewable, policies, parsed.GetValue(json), parsed.GetValue(verify));
            SourceFunction[] refused = functions.Functions.Except(viewable).ToArray();
            return refused.Length == 0 ? code : throw FunctionSet.Refused(refused);
        });
        return new Verb(
            command,
            "pcibackflow guest-view --builtin e1000e",
            "pcibackflow guest-view --device 00:02.0 > guest.txt; lspci -F guest.txt -vvv",
            "pcibackflow guest-view --from-dump machine.txt --function 03:00.0 --permissive",
            "pcibackflow guest-view --device all --verify-shadow > /dev/null");
    }

    /// <summary>Prints the views and, where asked for, compares the shadows that were taken before them.</summary>
    internal static int Show(CliConsole console, IReadOnlyList<SourceFunction> viewable, PolicyResolver policies, bool asJson, bool verify)
    {
        var views = new List<(SourceFunction Function, int Size, GuestView View)>();
        var checks = new List<(PciAddress Address, ShadowCheck Check)>();
        var opened = new List<IPciFunction>();
        try
        {
            foreach (SourceFunction one in viewable)
            {
                IPciFunction function = one.Open();
                AccessPolicy policy = policies.Resolve(one.Address);
                opened.Add(function);
                // A policy written for one function of a machine need not fit the others.
                if (viewable.Count == 1)
                {
                    console.Remarks(PolicyFit.Problems(function, policy));
                }

                if (verify)
                {
                    checks.Add((one.Address, new ShadowCheck(function, policy)));
                }

                views.Add((one, function.Size, GuestView.Of(function, policy)));
                if (verify)
                {
                    continue;
                }

                opened.Remove(function);
                function.Dispose();
            }

            if (asJson)
            {
                ViewJson.Write(console.Output, views);
            }
            else
            {
                foreach ((SourceFunction? function, int _, GuestView? view) in views)
                {
                    LspciDumpWriter.Write(console.Output, function.Address, function.Description, view.Bytes.Span);
                }
            }

            return verify ? ShadowText.Write(console, checks) : ExitCode.Done;
        }
        finally
        {
            foreach (IPciFunction function in opened)
            {
                function.Dispose();
            }
        }
    }
}
