using System.Globalization;
using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Exploration.Tests.Subjects;

namespace PciBackFlow.Exploration.Tests;

/// <summary>The pipeline's sources as they are, scenario by scenario, under many schedules.</summary>
[Collection(StillHeap.OneAtATime)]
public sealed class ExploredPipelineTests
{
    private static readonly int Schedules = Setting("PCIBACKFLOW_SCHEDULES", 1000);
    private static readonly int FirstSeed = Setting("PCIBACKFLOW_SEED", 1);

    public static TheoryData<string> Scenarios => new(Subject.Scenarios);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void The_pipeline_holds_under_every_schedule_tried(string scenario)
    {
        Finding? finding = Explorer.Explore(() => Subject.Unchanged.Create(scenario), FirstSeed, Schedules);

        Assert.True(finding is null, finding?.ToString());
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;
}
