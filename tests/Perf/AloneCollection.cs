namespace PciBackFlow.Perf.Tests;

/// <summary>Tests that count what the whole process does: no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    internal const string Name = "nothing beside it";
}
