using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>learn</c>: the smallest policy file that would allow what was denied.</summary>
internal sealed class LearnVerb
{
    private readonly CliConsole _console;
    private readonly SourceOptions _source = new();
    private readonly PolicyOptions _policy = new();
    private readonly Option<string?> _from =
        Words.Text("--from", "FILE", "accesses from a file, one per line, # begins a comment; before those of the command line");
    private readonly Argument<AccessExpression[]> _accesses = AccessWords.Argument(
        "what the guest did, in order: OFFSET[.b|.w|.l][=VALUE] as in explain; reads are allowed already, but may precede writes", ArgumentArity.ZeroOrMore);

    private LearnVerb(CliConsole console) => _console = console;

    public static Verb Create(CliConsole console)
    {
        var verb = new LearnVerb(console);
        var command = new Command("learn", "from a guest's denied writes, print the smallest policy file that would allow them") { verb._accesses, verb._from };
        verb._source.AddTo(command);
        verb._policy.AddTo(command);
        command.Validators.Add(verb.Validate);
        command.SetAction(verb.Run);
        return new Verb(
            command,
            "pcibackflow learn --builtin e1000e CAP_EXP+8.w=2830 ECAP_AER+14=40 > policy.json",
            "pcibackflow learn --from-dump machine.txt --function 03:00.0 --from accesses.txt",
            "pcibackflow learn --device 00:02.0 --policy policy.json CAP_EXP+28.w=6");
    }

    private void Validate(CommandResult result)
    {
        if (result.GetResult(_from) is not { Implicit: false } && result.GetResult(_accesses) is not { Tokens.Count: > 0 })
        {
            result.AddError($"nothing to learn from: name an ACCESS, or a file with {_from.Name}");
        }
    }

    private int Run(ParseResult parsed)
    {
        PolicyResolver policies = _policy.Resolve(parsed);
        List<AccessExpression> expressions = [];
        if (parsed.GetValue(_from) is { } file)
        {
            expressions.AddRange(AccessWords.FromFile(file));
        }

        expressions.AddRange(parsed.GetValue(_accesses) ?? []);
        SourceFunction chosen = _source.ResolveOne(parsed, _console, "learning about");
        AccessPolicy policy = policies.Resolve(chosen.Address);
        ConfigAccess[] accesses;
        using (IPciFunction function = chosen.Open())
        {
            accesses = AccessWords.Locate(expressions, function);
            _console.Remarks(PolicyFit.Problems(function, policy));
        }

        var learned = Learn.From(chosen.Open, policy, accesses);
        _console.Output.Write(PolicyFileWriter.Write(learned.Policy));
        if (learned.Added.Count == 0 && learned.Refused.Count == 0)
        {
            _console.Remark("nothing of it is denied: the policy is the one it began with");
        }

        foreach (ExplainedAccess refused in learned.Refused)
        {
            _console.Remark($"no policy allows {ExplainText.DeniedPart(refused)}");
        }

        return ExitCode.Done;
    }
}
