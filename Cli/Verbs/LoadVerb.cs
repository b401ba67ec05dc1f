using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Pci;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Reports;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>load</c>: simulated guests against the real backend in one process.</summary>
internal sealed class LoadVerb
{
    private readonly CliConsole _console;
    private readonly SourceOptions _source = new();
    private readonly Option<long> _guests = Words.Number("--guests", "N", "simulated guests, each with one function", 1, 32_000, 64);
    private readonly Option<double> _duration = Words.Seconds("--duration", "length of the measured window", 86_400, 10);
    private readonly Option<double> _warmup = Words.Seconds("--warmup", "load before the window", 3_600, 1);
    private readonly Option<int> _shards = Words.AutoOrNumber("--shards", "auto|N", "backend threads that serve guests [default: auto]", 256);
    private readonly Option<string> _topology = EngineWords.Topology();
    private readonly Option<string> _mix = Words.Choice("--mix", "what the guests do", "scan", "mixed", "write", "interrupts", "boot");
    private readonly Option<string> _frontend = Words.Choice("--frontend", "whose frontend driver the guests have", "linux", "netbsd", "minios");
    private readonly Option<long> _rate = Words.Number(
        "--rate", "OPS/S", "requests per second over all guests, on a constant plan; 0: as fast as answers come", 0, 1_000_000_000, 0);
    private readonly Option<int?> _workers = Words.OptionalNumber("--workers", "N", "backend threads for requests that may block", 1, 256);
    private readonly Option<Neighbour?> _neighbour = NeighbourWord();
    private readonly Option<int?> _spin =
        Words.OptionalNumber("--spin", "USEC", "how long a shard keeps looking before it blocks, in microseconds", 0, 1_000_000);
    private readonly Option<string?> _report = Words.Text("--report", "FILE.html", "write the result as one self-contained HTML page");
    private readonly Option<string?> _compare = Words.Text("--compare", "OTHER.json", "show this run beside another one, which `load --json` printed");
    private readonly Option<string?> _hgrm = Words.Text("--hgrm", "FILE", "write the latency distribution for HdrHistogram's plotter");
    private readonly Option<string?> _replay = Words.Text(
        "--replay", "FILE", "the guests repeat a recorded guest's accesses (trace --save), in the place of a mix; every answer is compared");
    private readonly Option<PciAddress?> _traced = TraceWords.Traced();
    private readonly Option<bool> _trace = Words.Flag("--trace", "trace every request, and throw the trace away: to see what tracing costs");
    private readonly Option<bool> _json = EngineWords.Json();

    private LoadVerb(CliConsole console) => _console = console;

    public static Verb Create(CliConsole console)
    {
        var verb = new LoadVerb(console);
        var command = new Command("load", "serve simulated guests in memory, compare every answer with its source, and report latencies")
        {
            verb._guests, verb._duration, verb._warmup, verb._shards, verb._topology, verb._mix, verb._frontend, verb._rate, verb._spin,
            verb._workers, verb._neighbour, verb._replay, verb._traced, verb._trace, verb._report, verb._compare, verb._hgrm, verb._json,
        };
        command.Validators.Add(verb.Validate);
        verb._source.AddTo(command);
        command.SetAction(verb.Run);
        return new Verb(
            command,
            "pcibackflow load",
            "pcibackflow load --guests 1000 --duration 30 --report load.html",
            "pcibackflow load --topology queued --mix write --json",
            "pcibackflow load --compare before.json --report now.html",
            "pcibackflow load --guests 1000 --mix boot --neighbour slow=5ms",
            "pcibackflow load --guests 20 --neighbour access=20ms",
            "pcibackflow load --replay start-up.trace --builtin e1000e --guests 100",
            "pcibackflow load --device all --rate 50000 --hgrm latency.hgrm");
    }

    private void Validate(CommandResult result)
    {
        if (Given(_replay) && Given(_mix))
        {
            result.AddError($"{_replay.Name} stands in the place of {_mix.Name}");
        }
        else if (Given(_traced) && !Given(_replay))
        {
            result.AddError($"{_traced.Name} belongs to {_replay.Name}");
        }

        bool Given(Option option) => result.GetResult(option) is { Implicit: false };
    }

    private int Run(ParseResult parsed)
    {
        TraceFile? trace = parsed.GetValue(_replay) is { } file ? TraceFile.Load(file) : null;
        PciAddress traced = trace?.Choose(parsed.GetValue(_traced)) ?? default;
        var options = new LoadOptions
        {
            Guests = (int)parsed.GetValue(_guests),
            DurationSeconds = parsed.GetValue(_duration),
            WarmupSeconds = parsed.GetValue(_warmup),
            Shards = parsed.GetValue(_shards),
            Topology = PipelineTopologyNames.Parse(parsed.GetRequiredValue(_topology)),
            Mix = trace is null ? MixOf(parsed.GetRequiredValue(_mix)) : LoadMix.Replay,
            Recording = trace?.Requests(traced, _console) ?? [],
            Frontend = FrontendOf(parsed.GetRequiredValue(_frontend)),
            IsTraced = parsed.GetValue(_trace),
            Rate = parsed.GetValue(_rate),
            Workers = parsed.GetValue(_workers),
            Neighbour = parsed.GetValue(_neighbour),
            SpinMicroseconds = parsed.GetValue(_spin),
            AllRegisters = _source.AllRegisters(parsed),
        };
        bool json = parsed.GetValue(_json);
        FunctionSet functions = _source.Resolve(parsed, _console);
        if (trace is not null)
        {
            functions = functions with { Functions = [TraceWords.Choose(functions, traced, _console)], IsDefault = false };
        }

        var source = functions.ToLoadSource(_console);
        EngineWords.Check(options.Validate);

        ComparedRun? other = ReadOther(parsed.GetValue(_compare));

        // Opened before the run: a name that cannot be written is said at once, not after the measurement.
        using StreamWriter? reportFile = OutputFile.Open(parsed.GetValue(_report));
        using StreamWriter? percentileFile = OutputFile.Open(parsed.GetValue(_hgrm));
        LoadReport report = RunWithProgress(options, source, json);
        if (functions.WritesKept() is > 0 and var kept)
        {
            _console.Remark($"{kept} writes stayed in the shadow: this host's devices were only read");
        }

        if (reportFile is not null)
        {
            reportFile.Write(HtmlReport.Format(report, other));
        }

        if (percentileFile is not null)
        {
            PercentileFile.Write(report.Histogram, percentileFile);
        }

        _console.Output.Write(json ? PerfJson.Format(report) + "\n" : TextReport.Format(report, other));
        if (report.Errors == 0)
        {
            return ExitCode.Done;
        }

        throw new VerbException(
            $"{report.Errors} requests went wrong, beside {report.Operations} measured ones",
            report.FirstError ?? "see the counts above",
            Remedy(report.FirstErrorCause));
    }

    private static ComparedRun? ReadOther(string? path)
    {
        try
        {
            return path is null ? null : ComparedRun.Read(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new VerbException($"cannot read {path}", failure.Message, "Name a file that `pcibackflow load --json` printed.", failure);
        }
        catch (JsonException failure)
        {
            throw new VerbException(
                $"{path} is no report of `load`", failure.Message, "Make it with this version: pcibackflow load … --json >OTHER.json", failure);
        }
    }

    private static string Remedy(string? cause) => cause switch
    {
        "deadline" => "Run it again with nothing else on this machine, more --workers or fewer --guests; "
            + "if it stays, a function or the backend is too slow: report it with --json.",
        "queue" => "This cannot happen in an engine that works: report it with --json.",
        _ => "Every answer is compared with the function it came from: try --guests 1 and `pcibackflow explain` on that register, then report it with --json.",
    };

    private static Option<Neighbour?> NeighbourWord() => new("--neighbour")
    {
        HelpName = "KIND[=TIME]",
        Description = "what a tenth of the functions do to the others: slow=5ms takes that long to enable, access=20ms for each register access, "
            + "hang=5s hangs that long when enabled; storm: their guests signal without end; zipf: their guests ask by far the most",
        CustomParser = static result =>
        {
            string word = result.Tokens[0].Value;
            if (Neighbour.TryParse(word, out Neighbour? neighbour))
            {
                return neighbour;
            }

            result.AddError($"--neighbour takes {Neighbour.Grammar}, not '{word}'");
            return null;
        },
    };

    private LoadReport RunWithProgress(LoadOptions options, LoadSource source, bool json)
    {
        // A program that asked for JSON on a pipe gets nothing else to look at.
        bool silent = json && !_console.ProgressIsTerminal;
        var printer = new ProgressPrinter(_console.Progress, _console.ProgressIsTerminal, options.Guests);
        try
        {
            return EngineWords.Run(() => LoadRun.Execute(options, source, silent ? null : printer.Print, _console.CatchInterruption()));
        }
        finally
        {
            printer.Finish();
        }
    }

    private static LoadMix MixOf(string word) => word switch
    {
        "mixed" => LoadMix.Mixed,
        "write" => LoadMix.Write,
        "interrupts" => LoadMix.Interrupts,
        "boot" => LoadMix.Boot,
        _ => LoadMix.Scan,
    };

    private static FrontendKind FrontendOf(string word) => word switch
    {
        "netbsd" => FrontendKind.NetBsd,
        "minios" => FrontendKind.MiniOs,
        _ => FrontendKind.Linux,
    };
}
