using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// Workers come back at the moment when they are replaced: whoever wins, every item comes home once, nobody is at two lanes' items, and every lane has its
/// share again.
/// </summary>
public sealed class ReplacementRace : EngineScenario
{
    public override bool IsHurried => true;

    private protected override int Lanes => 2;

    private protected override void Act()
    {
        Peer("peer 1", () => AskTwice(1));
        AskTwice(0);
    }

    private protected override void Settle() => AwaitLateResults();

    private void AskTwice(int lane)
    {
        ToyPage page = Pages[lane];
        Peer($"opener {lane}", () =>
        {
            page.Entered.Wait();
            Thread.Sleep(450 + (50 * Choose(4)));
            page.Gate.Set();
        });
        AskAny(lane, 1, ToyWork.OffloadedGated);

        // The deadline may have passed before the worker began.
        page.Entered.Set();
        AskAny(lane, 2, ToyWork.Offloaded);
        AskAny(lane, 3, ToyWork.Offloaded);
    }
}
