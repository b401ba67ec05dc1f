namespace PciBackFlow.Pipeline.Tests;

public sealed class DataflowEngineTests() : EngineConformance(PipelineTopology.Dataflow);
