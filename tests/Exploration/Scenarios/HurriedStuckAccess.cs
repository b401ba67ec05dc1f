using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// An access comes back at the moment it is found stuck, or its deadline passes: whoever wins, every request has one answer.
/// </summary>
public sealed class HurriedStuckAccess : EngineScenario
{
    public override bool IsHurried => true;

    private protected override int Lanes => 2;

    private protected override void Act()
    {
        ToyWork work = Choose(2) == 0 ? ToyWork.StuckThenDone : ToyWork.StuckThenLost;
        Peer("peer 0", () =>
        {
            AskAny(0, 1, work);

            // Its deadline may have passed before its access began.
            Pages[0].Entered.Set();
            AskAny(0, 2, ToyWork.Offloaded);
        });
        Peer("opener", () =>
        {
            Pages[0].Entered.Wait();
            Thread.Sleep(50 * Choose(6));
            Pages[0].Gate.Set();
        });
        AskAny(1, 1, ToyWork.Plain);
        AskAny(1, 2, ToyWork.Plain);
    }

    private protected override void Settle() => AwaitLateResults();
}
