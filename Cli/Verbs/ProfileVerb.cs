using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Profiling;
using PciBackFlow.Perf.Reports;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>profile</c>: where the time of one request goes, stage by stage; of a simulated guest, or of the running daemon's own.</summary>
internal sealed class ProfileVerb
{
    // Between two words to the daemon that it is to end: it may not have begun at the first one.
    private static readonly TimeSpan EndAgain = TimeSpan.FromMilliseconds(200);

    private readonly CliConsole _console;
    private readonly DaemonClient _client;
    private readonly SourceOptions _source = new();
    private readonly Option<long> _operations = Words.Number("--operations", "N", "requests to run after the warm-up", 1_000, 1_000_000_000, 200_000);
    private readonly Option<string> _topology = EngineWords.Topology();
    private readonly Option<bool> _daemon = Words.Flag("--daemon", "look at the requests that the running daemon answers, instead of simulating a guest");
    private readonly Option<string?> _domain = Words.Text("--domain", "DOM", "with --daemon: only this guest's, by id or name");
    private readonly Option<double> _seconds =
        Words.Seconds("--seconds", "with --daemon: how long to look; Ctrl-C shows what there is so far", RequestProfiler.MostSeconds, 10);

    private readonly Option<long> _every =
        Words.Number("--every", "N", "time each Nth request; 1 for guests that ask for little", 1, EngineOptions.MostSampleEvery, 16);

    private readonly Option<string?> _hgrm = Words.Text(
        "--hgrm", "FILE", "with --daemon: write the distribution of the timed requests for HdrHistogram's plotter");

    private readonly Option<bool> _json = EngineWords.Json();

    private ProfileVerb(CliConsole console)
    {
        _console = console;
        _client = new(console);
    }

    public static Verb Create(CliConsole console)
    {
        ProfileVerb verb = new(console);
        var command = new Command("profile", "show where the time of one request goes, stage by stage: simulated, or of the running daemon")
        {
            verb._operations, verb._topology, verb._daemon, verb._domain, verb._seconds, verb._every, verb._hgrm, verb._json,
        };
        verb._client.AddTo(command);
        Option[] ofDaemon = [verb._domain, verb._seconds, verb._hgrm, .. command.Options.Where(static option => option.Name == "--run")];
        int own = command.Options.Count;
        verb._source.AddTo(command);
        Option[] simulated = [verb._operations, verb._topology, .. command.Options.Skip(own)];
        command.Validators.Add(result => verb.Validate(result, ofDaemon, simulated));
        command.SetAction(verb.Run);
        return new Verb(
            command,
            "pcibackflow profile",
            "pcibackflow profile --topology queued --operations 1000000",
            "pcibackflow profile --device 00:02.0 --json",
            "pcibackflow profile --daemon --domain demo1 --seconds 5",
            "pcibackflow profile --daemon --hgrm requests.hgrm");
    }

    private void Validate(CommandResult result, Option[] ofDaemon, Option[] simulated)
    {
        bool live = result.GetValue(_daemon);
        foreach (Option option in live ? simulated : ofDaemon)
        {
            if (result.GetResult(option) is { Implicit: false })
            {
                result.AddError(live
                    ? $"{option.Name} and {_daemon.Name} exclude each other: it is for a simulated guest"
                    : $"{option.Name} needs {_daemon.Name}");
            }
        }
    }

    private int Run(ParseResult parsed)
    {
        ProfileReport report = parsed.GetValue(_daemon) ? Look(parsed) : Simulate(parsed);
        if (parsed.GetValue(_json))
        {
            _console.Output.Write(PerfJson.Format(report) + "\n");
        }
        else if (report.Operations == 0)
        {
            _console.Output.Write($"no requests: {report.Source}\n");
        }
        else
        {
            _console.Output.Write(TextReport.Format(report));
        }

        return ExitCode.Done;
    }

    private ProfileReport Simulate(ParseResult parsed)
    {
        var options = new ProfileOptions
        {
            Operations = parsed.GetValue(_operations),
            Topology = PipelineTopologyNames.Parse(parsed.GetRequiredValue(_topology)),
            SampleEvery = (int)parsed.GetValue(_every),
            AllRegisters = _source.AllRegisters(parsed),
        };
        var from = _source.Resolve(parsed, _console).ToLoadSource(_console);
        EngineWords.Check(options.Validate);
        return EngineWords.Run(() => ProfileRun.Execute(options, from, _console.CatchInterruption()));
    }

    private ProfileReport Look(ParseResult parsed)
    {
        // Opened before: a name that cannot be written is said at once.
        using StreamWriter? percentiles = OutputFile.Open(parsed.GetValue(_hgrm));
        RequestProfile profile = _client.Ask(parsed, "take a profile", (client, cancel) => Take(client, parsed, cancel));
        if (percentiles is not null)
        {
            PercentileFile.Write(LiveProfile.TotalsOf(profile), percentiles);
        }

        string whose = parsed.GetValue(_domain) is { } domain ? $"domain {domain}" : "all guests";
        return LiveProfile.ReportOf(profile, $"{whose} of the daemon within {DurationText.Format(profile.Seconds * 1e9)}");
    }

    private async Task<RequestProfile> Take(ControlClient client, ParseResult parsed, CancellationToken cancel)
    {
        string id = Guid.NewGuid().ToString("N");
        Task<RequestProfile> profile = client.ProfileAsync(
            id, parsed.GetValue(_domain), parsed.GetValue(_seconds), (int)parsed.GetValue(_every), CancellationToken.None);
        try
        {
            return await profile.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Ctrl-C ends the looking, and what was seen so far is shown.
            while (!profile.IsCompleted)
            {
                await client.EndProfileAsync(id, CancellationToken.None).ConfigureAwait(false);
                await Task.WhenAny(profile, Task.Delay(EndAgain, CancellationToken.None)).ConfigureAwait(false);
            }

            return await profile.ConfigureAwait(false);
        }
    }
}
