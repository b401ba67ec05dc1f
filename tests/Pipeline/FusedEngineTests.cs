namespace PciBackFlow.Pipeline.Tests;

public sealed class FusedEngineTests() : EngineConformance(PipelineTopology.Fused);
