using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// A report asks a shard that goes to sleep whenever it can: the shard answers at once, so the report's time limit never ends.
/// </summary>
public sealed class ReportedShard : EngineScenario
{
    private protected override void Act()
    {
        Peer("reporter", () =>
        {
            for (int i = 0; i < 2; i++)
            {
                long since = Stopwatch.GetTimestamp();
                int threads = Engine.ReadThreads().Count;
                Check(threads >= 1, "no thread was reported");
                long took = Stopwatch.GetTimestamp() - since;
                Check(took < PipelineTimes.FromMilliseconds(PipelineTimes.ReportMilliseconds), "a shard slept through a report");
            }
        });
        AskRight(0, 1);
        AskRight(0, 2);
    }
}
