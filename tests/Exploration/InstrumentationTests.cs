using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using PciBackFlow.Exploration.Tests.Subjects;

namespace PciBackFlow.Exploration.Tests;

/// <summary>What the explorer does not see, it cannot explore.</summary>
public sealed class InstrumentationTests
{
    // Tasks carry the dataflow topology, which allocates by design and is not explored; the delegate is only a signature.
    private static readonly string[] Known = ["System.Threading.ThreadStart", "System.Threading.Tasks.Task"];

    [Fact]
    public void No_synchronisation_of_the_pipeline_passes_by_the_explorer()
    {
        using var file = new PEReader(Subject.Unchanged.Image);
        MetadataReader reader = file.GetMetadataReader();

        IEnumerable<string> foreign = reader.TypeReferences.Select(reader.GetTypeReference)
            .Select(type => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}")
            .Where(static name => name.StartsWith("System.Threading.", StringComparison.Ordinal)
                || name is "System.Diagnostics.Stopwatch" or "System.Environment" or "System.Collections.Concurrent.ConcurrentQueue`1")
            .Where(static name => !name.StartsWith("System.Threading.Tasks.Dataflow.", StringComparison.Ordinal))
            .Except(Known);

        Assert.Empty(foreign);
    }

    [Fact]
    public void Every_scenario_finds_a_planted_bug() =>
        Assert.Empty(Subject.Scenarios.Except(PlantedBugs.All.Select(static bug => bug.Scenario)));
}
