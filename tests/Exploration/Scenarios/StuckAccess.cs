using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>An access hangs until another lane has been served: the shard changes its thread, and two threads are never at it.</summary>
public class StuckAccess : EngineScenario
{
    private protected override int Lanes => 2;

    private protected override void Act()
    {
        ToyWork work = Choose(2) == 0 ? ToyWork.StuckThenDone : ToyWork.StuckThenLost;
        Peer("peer 0", () =>
        {
            AskAny(0, 1, work);
            AskRight(0, 2);
        });
        Pages[0].Entered.Wait();
        AskRight(1, 1);
        AskRight(1, 2, ToyWork.Offloaded);
        Pages[0].Gate.Set();
        AskRight(1, 3);
    }

    private protected override void Settle()
    {
        EngineCounters counters = Engine.ReadCounters();
        Check(counters.Takeovers == 1, $"the shard changed its thread {counters.Takeovers} times for one stuck access");
    }
}
