using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Exploration.Tests.Subjects;

namespace PciBackFlow.Exploration.Tests;

/// <summary>
/// The explorer's own proof: each planted bug is found within a stated number of schedules, and again from its seed alone.
/// </summary>
[Collection(StillHeap.OneAtATime)]
public sealed class PlantedBugTests
{
    private const int Schedules = 2000;

    public static TheoryData<string> Names => new(PlantedBugs.All.Select(static bug => bug.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_planted_bug_is_found_and_replays_from_its_seed(string name)
    {
        PlantedBug bug = PlantedBugs.All.Single(bug => bug.Name == name);
        var subject = Subject.With(bug);

        Finding? found = Explorer.Explore(() => subject.Create(bug.Scenario), 1, Schedules);
        Assert.True(found is not null, $"{bug.Scenario} did not find it within {Schedules} schedules");
        TestContext.Current.TestOutputHelper!.WriteLine($"| {name} | `{found.Scenario}` | {found.Schedules} |{Environment.NewLine}{found}");

        Finding? again = Explorer.Explore(() => subject.Create(bug.Scenario), found.Seed, 1);
        Assert.Equal(found with { Schedules = 1 }, again);
    }
}
