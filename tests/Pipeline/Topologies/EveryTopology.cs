namespace PciBackFlow.Pipeline.Tests.Topologies;

/// <summary>All topologies there are: what is tested with this data, every one of them must do.</summary>
public sealed class EveryTopology() : TheoryData<PipelineTopology>(Enum.GetValues<PipelineTopology>())
{
    /// <summary>An engine that blocks at once, gives a hanging access up soon, and has few workers.</summary>
    internal static EngineOptions Options(PipelineTopology topology) =>
        new() { Topology = topology, SpinMicroseconds = 0, AccessLimitMilliseconds = 40, Workers = 2 };
}
