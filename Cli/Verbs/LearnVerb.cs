using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>learn</c>: the smallest policy file that would allow what was denied.</summary>
internal sealed class LearnVerb
{
    private readonly CliConsole _console;
    private readonly SourceOptions _source = new();
    private readonly PolicyOptions _policy = new();
    private readonly DaemonClient _daemonClient;
    private readonly Option<string?> _from = Words.Text(
        "--from", "FILE", "accesses from a file, one per line, # begins a comment, before those of the command line; "
            + "or a log with this daemon's or xen-pciback's lines");
    private readonly Option<string?> _trace =
        Words.Text("--trace", "FILE", "what was denied in a saved trace; with a source, what all of its accesses need there");
    private readonly Option<PciAddress?> _traced = TraceWords.Traced();
    private readonly Option<string?> _daemon = Words.Text(
        "--daemon", "DEVICE", "what the running daemon has denied this device's guest so far, by its host address");
    private readonly Option<string?> _output = Words.Text(
        "--output", "FILE", "write the policy there instead of printing it, as a whole or not at all: FILE may be that of --policy");
    private readonly Argument<AccessExpression[]> _accesses = AccessWords.Argument(
        "what the guest did, in order: OFFSET[+N][.b|.w|.l][@N][=VALUE[:MASK]] as in explain; reads are allowed already, but may precede writes",
        ArgumentArity.ZeroOrMore);

    private LearnVerb(CliConsole console)
    {
        _console = console;
        _daemonClient = new(console);
    }

    public static Verb Create(CliConsole console)
    {
        var verb = new LearnVerb(console);
        var command = new Command("learn", "from a guest's denied writes, print the smallest policy file that would allow them") {
            verb._accesses, verb._from, verb._trace, verb._traced, verb._daemon, verb._output,
        };
        verb._daemonClient.AddTo(command);
        verb._source.AddTo(command);
        verb._policy.AddTo(command);
        command.Validators.Add(verb.Validate);
        command.SetAction(verb.Run);
        return new Verb(
            command,
            "pcibackflow learn --builtin e1000e CAP_EXP+8.w=2830 ECAP_AER+14=40 --output policy.json",
            "pcibackflow learn --from-dump machine.txt --function 03:00.0 --from accesses.txt",
            "pcibackflow learn --trace denied.trace --policy nic.json --output nic.json",
            "pcibackflow learn --daemon 00:04.0",
            "dmesg > kernel.log; pcibackflow learn --device 00:02.0 --from kernel.log",
            "pcibackflow learn --device 00:02.0 --policy policy.json CAP_EXP+28.w=6");
    }

    private void Validate(CommandResult result)
    {
        Option[] sources = [_from, _trace, _daemon];
        string[] given = [.. sources.Where(Given).Select(static option => option.Name)];
        bool hasAccesses = result.GetResult(_accesses) is { Tokens.Count: > 0 };
        if (given.Length == 0 && !hasAccesses)
        {
            result.AddError(
                $"nothing to learn from: name an ACCESS, or a file with {_from.Name} or {_trace.Name}, or a device of the daemon's with {_daemon.Name}");
        }
        else if (given.Length > 1 || (hasAccesses && (Given(_trace) || Given(_daemon))))
        {
            result.AddError($"{string.Join(" and ", hasAccesses ? given.Append("ACCESS") : given)} exclude each other");
        }

        if (Given(_traced) && !Given(_trace))
        {
            result.AddError($"{_traced.Name} belongs to {_trace.Name}");
        }

        if (Given(_daemon) && _source.IsGiven(result))
        {
            result.AddError($"{_daemon.Name} needs no source: the daemon knows the device");
        }

        bool Given(Option option) => result.GetResult(option) is { Implicit: false };
    }

    private int Run(ParseResult parsed)
    {
        PolicyResolver policies = _policy.Resolve(parsed);
        if (parsed.GetValue(_daemon) is { } device)
        {
            return FromDaemon(parsed, policies, device);
        }

        TraceFile? trace = parsed.GetValue(_trace) is { } traceFile ? TraceFile.Load(traceFile) : null;
        if (trace is not null && !_source.IsGiven(parsed))
        {
            return FromTrace(parsed, trace, policies);
        }

        List<AccessExpression> expressions = [];
        IReadOnlyList<LoggedAccess> logged = [];
        if (parsed.GetValue(_from) is { } file)
        {
            expressions.AddRange(AccessWords.FromFile(file, out logged));
        }

        expressions.AddRange(parsed.GetValue(_accesses) ?? []);
        SourceFunction chosen = _source.ResolveOne(parsed, _console, "learning about");
        CaptureRemarks.Say(_console, chosen);
        AccessPolicy policy = policies.Resolve(chosen.Address);
        ConfigAccess[] accesses;
        using (IPciFunction function = chosen.Open())
        {
            accesses =
            [
                .. LoggedAccess.Locate(function, policy, About(chosen.Address, logged)),
                .. TracedAccesses(trace, parsed),
                .. AccessWords.Locate(expressions, function, "learn from"),
            ];
            _console.Remarks(PolicyFit.Problems(function, policy));
        }

        var learned = Learn.From(chosen.Open, policy, accesses);
        if (learned.Unknown.Count > 0)
        {
            using IPciFunction function = chosen.Open();
            throw new VerbException(
                $"cannot learn from {NameOf(learned.Unknown[0], accesses, expressions)} of {chosen.Address}",
                $"{Shortness.Of(function)}: whether that is denied is not known",
                "Capture all of it, as root: lspci -xxxx, or pcibackflow devices capture.");
        }

        Print(parsed, learned.Policy);
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

    private int FromTrace(ParseResult parsed, TraceFile trace, PolicyResolver policies)
    {
        PciAddress traced = trace.Choose(parsed.GetValue(_traced), isDenied: true);
        TraceEvent[] denied = [.. trace.Events.Where(each => each.Host == traced && !each.IsGap && each.Record.IsDenied)];
        Print(parsed, With(policies.Resolve(traced), denied.SelectMany(static each => each.Suggest())));
        foreach (string left in denied.Where(static each => each.Suggest().Count == 0).Select(static each => TraceText.Access(each.Record)).Distinct())
        {
            _console.Remark($"no policy allows the write {left}");
        }

        if (trace.Missing > 0)
        {
            _console.Remark($"{trace.Missing} requests are missing in this trace: there may be more");
        }

        return ExitCode.Done;
    }

    private int FromDaemon(ParseResult parsed, PolicyResolver policies, string device)
    {
        if (!PciAddress.TryParse(device, out PciAddress address, out int index, out string? reason))
        {
            throw new VerbException(_daemon.Name, Caret.Under($"'{device}' is not a PCI address: {reason}", device, index)) { Code = ExitCode.WrongWords };
        }

        StatusReport status = _daemonClient.Ask(parsed, "read the status", static (client, cancel) => client.StatusAsync(cancel));
        FunctionReport function = status.Guests.SelectMany(static guest => guest.Functions).FirstOrDefault(one => one.Host == address.ToString())
            ?? throw new VerbException($"cannot learn about {address}", "no guest has it", "pcibackflow status shows what guests have.");
        Print(parsed, With(policies.Resolve(address), function.DeniedWrites.Select(static denied => denied.Rule?.ToRule()).OfType<PolicyRule>()));
        foreach (DeniedWriteReport denied in function.DeniedWrites.Where(static denied => denied.Rule is null))
        {
            _console.Remark($"no policy allows bits {denied.Bits} of {denied.Register}");
        }

        if (function.DeniedWrites.Count == 0)
        {
            _console.Remark("nothing was denied so far: the policy is the one it began with");
        }

        return ExitCode.Done;
    }

    private void Print(ParseResult parsed, AccessPolicy policy)
    {
        string text = PolicyFileWriter.Write(policy);
        if (parsed.GetValue(_output) is { } file)
        {
            OutputFile.Replace(file, text);
        }
        else
        {
            _console.Output.Write(text);
        }
    }

    private static AccessPolicy With(AccessPolicy basis, IEnumerable<PolicyRule> rules) =>
        basis with { Rules = [.. basis.Rules, .. PolicySuggestion.Merge(rules)] };

    private IEnumerable<ConfigAccess> TracedAccesses(TraceFile? trace, ParseResult parsed) => trace is null
        ? []
        : trace.Requests(trace.Choose(parsed.GetValue(_traced)), _console).Select(
            static record => new ConfigAccess(record.Offset, record.Size, record.Operation == (uint)Stages.Wire.PciOpCode.ConfigWrite ? record.Value : null));

    // A log is of a whole host. Where it is about one device, that may have another address here.
    private IEnumerable<LoggedAccess> About(PciAddress function, IReadOnlyList<LoggedAccess> logged)
    {
        PciAddress[] known = [.. logged.Select(static one => one.Function).Distinct()];
        if (known.Length == 0 || known.Contains(function))
        {
            return logged.Where(one => one.Function == function);
        }

        if (known.Length == 1)
        {
            _console.Remark($"the log is about {known[0]}: taken for {function}");
            return logged;
        }

        throw new VerbException(
            $"cannot learn about {function}", $"the log is about {string.Join(", ", known.Order())}", "Name one of those as the source.");
    }

    private static string NameOf(ConfigAccess access, ConfigAccess[] accesses, List<AccessExpression> expressions)
    {
        int at = Array.IndexOf(accesses, access) - (accesses.Length - expressions.Count);
        return at >= 0 ? expressions[at].ToString()! : $"the access to 0x{access.Offset:x}";
    }
}
