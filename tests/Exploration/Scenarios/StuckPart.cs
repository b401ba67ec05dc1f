using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// An access hangs on a part's thread and comes back about when the part is given to another thread and the shard answers without it.
/// </summary>
public sealed class StuckPart : EngineScenario
{
    public override bool IsHurried => true;

    // The watchdog acts a quarter after its limit, which is when the deadline passes.
    private protected override EngineOptions Options =>
        base.Options with { Topology = PipelineTopology.Queued, AccessLimitMilliseconds = 400 };

    private protected override void Act()
    {
        ToyWork work = Choose(2) == 0 ? ToyWork.StuckThenDone : ToyWork.StuckThenLost;
        Peer("opener", () =>
        {
            Pages[0].Entered.Wait();
            Thread.Sleep(500);
            Pages[0].Gate.Set();
        });
        AskAny(0, 1, work);

        // Its deadline may have passed before its access began.
        Pages[0].Entered.Set();
        AskAny(0, 2, ToyWork.Plain);
    }

    private protected override void Settle() => AwaitLateResults();
}
