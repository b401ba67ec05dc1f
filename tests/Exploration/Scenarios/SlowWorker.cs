using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// A worker's access lasts longer than one may on a shard: the shard is not taken for stuck, and the item comes home in time.
/// </summary>
public sealed class SlowWorker : EngineScenario
{
    // Beyond the limit of an access, within the deadline of an item.
    private const int Milliseconds = 400;

    private protected override void Act()
    {
        Peer("opener", () =>
        {
            Pages[0].Entered.Wait();
            Thread.Sleep(Milliseconds);
            Pages[0].Gate.Set();
        });
        AskRight(0, 1, ToyWork.OffloadedGated);
        AskRight(0, 2);
    }

    private protected override void Settle()
    {
        base.Settle();
        Check(Engine.ReadCounters().Takeovers == 0, "a shard that only waits for a worker was taken for stuck");
    }
}
