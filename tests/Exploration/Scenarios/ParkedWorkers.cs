using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// Two workers, of which one hangs until the other's item is answered: no item waits in the queue while a worker is free.
/// </summary>
public sealed class ParkedWorkers : EngineScenario
{
    private protected override int Lanes => 2;

    private protected override void Act()
    {
        // The first one starts the workers; time passes when both are parked.
        AskRight(1, 1, ToyWork.Offloaded);
        Thread.Sleep(1);
        Peer("peer 0", () => AskRight(0, 1, ToyWork.OffloadedGated));
        AskRight(1, 2, ToyWork.Offloaded);
        Pages[0].Gate.Set();
    }
}
