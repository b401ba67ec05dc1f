namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>A schedule under which a scenario failed.</summary>
internal sealed record Finding(string Scenario, long Seed, int Schedules, string Failure, string Trace)
{
    private const string Command = "dotnet run --project tests/Exploration -c Release -- -class \"*ExploredPipelineTests\"";

    public override string ToString() => $"""
        {Scenario} failed under the {Schedules}. schedule, seed {Seed}: {Failure}
        to replay: PCIBACKFLOW_SEED={Seed} PCIBACKFLOW_SCHEDULES=1 {Command}
        {Trace}
        """;
}
