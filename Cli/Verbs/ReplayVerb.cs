using System.CommandLine;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>replay</c>: a saved trace once more against a source, answers compared.</summary>
internal sealed class ReplayVerb
{
    private readonly CliConsole _console;
    private readonly SourceOptions _source = new();
    private readonly PolicyOptions _policy = new();
    private readonly Option<PciAddress?> _traced = TraceWords.Traced();
    private readonly Argument<string> _file = new("FILE") { Description = "a trace that 'trace --save' has written" };

    private ReplayVerb(CliConsole console) => _console = console;

    public static Verb Create(CliConsole console)
    {
        ReplayVerb verb = new(console);
        var command = new Command("replay", "run a saved trace against a function, and show the first answer that is another one; 1 when there is any")
        {
            verb._file, verb._traced,
        };
        verb._source.AddTo(command);
        verb._policy.AddTo(command);
        command.SetAction(verb.Run);
        return new Verb(
            command,
            "pcibackflow replay start-up.trace --device 00:04.0",
            "pcibackflow replay start-up.trace --from-dump machine.txt --policy nic.json");
    }

    private int Run(ParseResult parsed)
    {
        PolicyResolver policies = _policy.Resolve(parsed);
        var trace = TraceFile.Load(parsed.GetRequiredValue(_file));
        PciAddress traced = trace.Choose(parsed.GetValue(_traced));
        SourceFunction chosen = TraceWords.Choose(_source.Resolve(parsed, _console), traced, _console);
        CaptureRemarks.Say(_console, chosen);
        IReadOnlyList<TraceRecord> requests = trace.Requests(traced, _console);
        using IPciFunction function = chosen.Open();
        ReplayDifference? first = null;
        int differences = 0;
        foreach (ReplayDifference difference in Replay.Compare(function, policies.Resolve(chosen.Address), requests))
        {
            first ??= difference;
            differences++;
        }

        if (first is null)
        {
            _console.Output.WriteLine($"{requests.Count} requests for {traced} are answered by {chosen.Address} as they were");
            return ExitCode.Done;
        }

        string registers = first.Registers.Count == 0 ? string.Empty : $" ({string.Join(", ", first.Registers)})";
        int size = first.Record.Size;
        string was = $"{StatusNames.Of((Stages.Wire.PciOpStatus)first.Record.Status)} {TraceText.Hex(first.Record.AnswerValue, size)}";
        _console.Output.WriteLine($"request {first.Number}: {TraceText.Access(first.Record)}{registers}");
        _console.Output.WriteLine($"  recorded {was}");
        _console.Output.WriteLine($"  now      {first.Status} {TraceText.Hex(first.Value, size)}");
        throw new VerbException(
            $"{differences} of {requests.Count} answers are not as they were",
            $"the first is that of request {first.Number}",
            "Another policy (--policy, --permissive), another state at the beginning, or registers that change by themselves explain that; so may a defect.");
    }
}
