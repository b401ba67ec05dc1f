using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>Results and deadlines race: every request has one answer, its own or a failure, and every late result is undone once.</summary>
public sealed class DeadlineRace : EngineScenario
{
    public override bool IsHurried => true;

    private protected override int Lanes => 2;

    private protected override void Act()
    {
        Peer("peer 1", () =>
        {
            AskLate(1, 11);
            AskAny(1, 12, ToyWork.Offloaded);
        });
        AskLate(0, 1);
        AskAny(0, 2, ToyWork.Offloaded);
        AskRight(0, 3);
    }

    private protected override void Settle() => AwaitLateResults();

    // The worker goes on about when the deadline passes.
    private void AskLate(int lane, int request)
    {
        ToyPage page = Pages[lane];
        Peer($"opener {lane}", () =>
        {
            page.Entered.Wait();
            Thread.Sleep(400 + (100 * Choose(3)));
            page.Gate.Set();
        });
        AskAny(lane, request, ToyWork.OffloadedGated);

        // It may have passed before the worker began.
        page.Entered.Set();
    }
}
