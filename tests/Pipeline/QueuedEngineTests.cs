namespace PciBackFlow.Pipeline.Tests;

public sealed class QueuedEngineTests() : EngineConformance(PipelineTopology.Queued);
