using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>One worker for three lanes: it looks for the next item while the shard is writing it, and lets the shard finish.</summary>
public sealed class BusyWorker : EngineScenario
{
    private protected override int Lanes => 3;

    private protected override bool PreemptsWriters => true;

    private protected override EngineOptions Options => base.Options with { Workers = 1 };

    private protected override void Act()
    {
        Peer("peer 2", () => AskRight(2, 1, ToyWork.Offloaded));
        Peer("peer 1", () => AskRight(1, 1, ToyWork.Offloaded));
        AskRight(0, 1, ToyWork.Offloaded);
    }
}
