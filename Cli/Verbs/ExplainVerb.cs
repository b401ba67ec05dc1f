using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>explain</c>: runs accesses as one guest would, and says for each what happened and why.</summary>
internal sealed class ExplainVerb
{
    private readonly CliConsole _console;
    private readonly SourceOptions _source = new();
    private readonly PolicyOptions _policy = new();
    private readonly Option<bool> _live = Words.Flag("--live", "with --device BDF: let what the policy allows really reach the hardware");
    private readonly Option<bool> _force = Words.Flag("--force", "with --live: even on a function that this host uses");
    private readonly Option<bool> _json = Words.Flag("--json", "print a JSON array instead of text");
    private readonly Argument<AccessExpression[]> _accesses = AccessWords.Argument(
        "OFFSET[+N][.b|.w|.l][@N][=VALUE[:MASK]] in hexadecimal, as setpci has it; OFFSET is a number, a register name (COMMAND) or CAP_PM+4, ECAP_AER+0; "
        + "@N is the N-th of a kind; without = a read",
        ArgumentArity.OneOrMore);

    private ExplainVerb(CliConsole console) => _console = console;

    public static Verb Create(CliConsole console)
    {
        var verb = new ExplainVerb(console);
        var command = new Command("explain", "run a guest's accesses in order, and say for each what happened, by which rule, and what would allow it")
        {
            verb._accesses, verb._live, verb._force, verb._json,
        };
        verb._source.AddTo(command);
        verb._policy.AddTo(command);
        command.Validators.Add(verb.Validate);
        command.SetAction(verb.Run);
        return new Verb(
            command,
            "pcibackflow explain --builtin e1000e COMMAND",
            "pcibackflow explain --device 00:02.0 COMMAND=0 BASE_ADDRESS_0=ffffffff BASE_ADDRESS_0",
            "pcibackflow explain --from-dump machine.txt --function 03:00.0 CAP_EXP+8.w=2830 --json");
    }

    private void Validate(CommandResult result)
    {
        bool live = result.GetResult(_live) is { Implicit: false } && result.GetValue(_live);
        if (live && !_source.NamesDevice(result))
        {
            result.AddError($"{_live.Name} needs --device BDF: only a function of this host can be written");
        }

        if (!live && result.GetResult(_force) is { Implicit: false })
        {
            result.AddError($"{_force.Name} belongs to {_live.Name}");
        }
    }

    private int Run(ParseResult parsed)
    {
        PolicyResolver policies = _policy.Resolve(parsed);
        SourceFunction chosen = _source.ResolveOne(parsed, _console, "explaining");
        AccessPolicy policy = policies.Resolve(chosen.Address);
        using IPciFunction function = parsed.GetValue(_live) ? OpenLive(chosen.Address, parsed.GetValue(_force)) : chosen.Open();
        AccessExpression[] expressions = parsed.GetRequiredValue(_accesses);
        CaptureRemarks.Say(_console, chosen);
        _console.Remarks(PolicyFit.Problems(function, policy));
        IReadOnlyList<ExplainedAccess> explained = Explain.Run(function, policy, AccessWords.Locate(expressions, function, "explain"));
        if (parsed.GetValue(_json))
        {
            ExplainJson.Write(_console.Output, explained, AssumedJson.Of(function));
        }
        else
        {
            ExplainText.Write(_console.Output, Shortness.Of(function), [.. expressions.Select(expression => expression.ToString()!).Zip(explained)]);
        }

        return ExitCode.Done;
    }

    private static IPciFunction OpenLive(PciAddress address, bool force)
    {
        IReadOnlyList<string> uses = HostUses.Read().Of(address);
        return uses.Count == 0 || force
            ? HostSource.OpenForWriting(address)
            : throw new VerbException(
                $"refused to write {address}",
                string.Join("; ", uses),
                "Writing its registers may take that away from this host. --force does it all the same.")
            {
                Code = ExitCode.Refused,
            };
    }
}
