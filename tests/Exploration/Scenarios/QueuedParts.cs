using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>Stages on threads of their own: nothing is left in a queue whose reader parks.</summary>
public sealed class QueuedParts : EngineScenario
{
    private protected override int Lanes => 3;

    private protected override bool PreemptsWriters => true;

    private protected override EngineOptions Options => base.Options with { Topology = PipelineTopology.Queued, QueueCuts = [2, 3, 4] };

    private protected override void Act()
    {
        Peer("peer 2", () => AskRight(2, 1));
        Peer("peer 1", () =>
        {
            AskRight(1, 1);
            AskRight(1, 2, ToyWork.Offloaded);
        });
        AskRight(0, 1);
    }
}
