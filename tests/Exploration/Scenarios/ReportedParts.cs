using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// A report asks stages on a thread of their own, which park whenever they can: they answer at once, so the report's time limit never ends.
/// </summary>
public sealed class ReportedParts : EngineScenario
{
    private protected override EngineOptions Options => base.Options with { Topology = PipelineTopology.Queued };

    private protected override void Act()
    {
        AskRight(0, 1);
        for (int i = 0; i < 2; i++)
        {
            long since = Stopwatch.GetTimestamp();
            int threads = Engine.ReadThreads().Count;
            Check(threads == 2, $"{threads} threads were reported");
            long took = Stopwatch.GetTimestamp() - since;
            Check(took < PipelineTimes.FromMilliseconds(PipelineTimes.ReportMilliseconds), "a part slept through a report");
        }
    }
}
