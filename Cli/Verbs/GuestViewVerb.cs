using System.CommandLine;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

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
        var check = new Option<string[]>("--check")
        {
            HelpName = "FILE",
            Description = "read any number of captures (of a folder all files), print no view but what does not hold, and counts at the end",
            AllowMultipleArgumentsPerToken = true,
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("guest-view", "print what a guest sees of functions, as an lspci -xxxx dump that lspci -F reads") { verify, json, check };
        source.AddTo(command);
        policy.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(check) is { Implicit: false } && (source.IsGiven(result) || result.GetResult(verify) is { Implicit: false }))
            {
                result.AddError($"{check.Name} names its files itself: it goes with {json.Name} and a policy, and with no other source");
            }
        });
        command.SetAction(parsed =>
        {
            PolicyResolver policies = policy.Resolve(parsed);
            if (parsed.GetValue(check) is { Length: > 0 } files)
            {
                return new GuestViewCheck(policies).Run(console, files, parsed.GetValue(json));
            }

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
            "pcibackflow guest-view --device all --verify-shadow > /dev/null",
            "pcibackflow guest-view --check dumps/");
    }

    /// <summary>Prints the views and, where asked for, compares the shadows that were taken before them.</summary>
    internal static int Show(CliConsole console, IReadOnlyList<SourceFunction> viewable, PolicyResolver policies, bool asJson, bool verify)
    {
        var views = new List<(SourceFunction Function, int Size, GuestView View, IReadOnlyList<RegionAssumption> Assumed)>();
        var checks = new List<(PciAddress Address, ShadowCheck Check)>();
        var opened = new List<IPciFunction>();
        CaptureRemarks.Say(console, [.. viewable]);
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

                views.Add((one, function.Size, GuestView.Of(function, policy, IsLone(one)), AssumedJson.Of(function)));
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
                foreach ((SourceFunction? function, int _, GuestView? view, IReadOnlyList<RegionAssumption> _) in views)
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

        // Those that are looked at together are one guest's.
        bool IsLone(SourceFunction one) => !viewable.Any(other => other.Address != one.Address && other.Address.SharesSlotWith(one.Address));
    }
}
