using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>Items go to workers and come home to a shard, all of which sleep whenever they can: none waits for a deadline.</summary>
public sealed class SleepingShard : EngineScenario
{
    private protected override int Lanes => 2;

    private protected override EngineOptions Options => base.Options with { Workers = 1 + Choose(2) };

    private protected override void Act()
    {
        Peer("peer 1", () => AskRight(1, 1, ToyWork.Offloaded));
        AskRight(0, 1, ToyWork.Offloaded);
        AskRight(0, 2);
        AskRight(0, 3, ToyWork.Offloaded);
    }
}
