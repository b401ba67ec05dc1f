namespace PciBackFlow.Backend.Tests;

/// <summary>Tests that measure the whole process, as managed memory is: no other test runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
