using System.CommandLine;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Perf.Profiling;
using PciBackFlow.Perf.Reports;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>profile</c>: where the time of one request goes, stage by stage.</summary>
internal static class ProfileVerb
{
    public static Verb Create(CliConsole console)
    {
        var source = new SourceOptions();
        Option<long> operations = Words.Number("--operations", "N", "requests to run after the warm-up", 1_000, 1_000_000_000, 200_000);
        Option<string> topology = EngineWords.Topology();
        Option<bool> json = EngineWords.Json();
        var command = new Command("profile", "show where the time of one request goes, stage by stage") { operations, topology, json };
        source.AddTo(command);
        command.SetAction(parsed =>
        {
            var options = new ProfileOptions
            {
                Operations = parsed.GetValue(operations),
                Topology = PipelineTopologyNames.Parse(parsed.GetRequiredValue(topology)),
                AllRegisters = source.AllRegisters(parsed),
            };
            var from = source.Resolve(parsed, console).ToLoadSource(console);
            EngineWords.Check(options.Validate);
            ProfileReport report = EngineWords.Run(() => ProfileRun.Execute(options, from, console.CatchInterruption()));
            console.Output.Write(parsed.GetValue(json) ? PerfJson.Format(report) + "\n" : TextReport.Format(report));
            return ExitCode.Done;
        });
        return new Verb(
            command,
            "pcibackflow profile",
            "pcibackflow profile --topology queued --operations 1000000",
            "pcibackflow profile --device 00:02.0 --json");
    }
}
