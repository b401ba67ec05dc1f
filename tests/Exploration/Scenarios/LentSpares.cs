using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>Spare items are lent and come back while more are made: no item is in two hands, and none that was made is forgotten.</summary>
public sealed class LentSpares : Scenario
{
    // What there is room for before the queue below them grows.
    private const int Small = 64;

    private readonly SpareItems<ToyItem> _spares = new(static () => new ToyItem());

    public override void Run()
    {
        _spares.Make(Small);
        Thread[] borrowers = [new(Borrow) { Name = "borrower 0" }, new(Borrow) { Name = "borrower 1" }];
        foreach (Thread borrower in borrowers)
        {
            borrower.Start();
        }

        _spares.Make(1);
        foreach (Thread borrower in borrowers)
        {
            borrower.Join();
        }

        Check(_spares.Count >= Small + 1, $"{Small + 1} spare items were made, {_spares.Count} are there");
    }

    private void Borrow()
    {
        for (int i = 0; i < 2; i++)
        {
            ToyItem item = _spares.Take();
            Check(item.Value++ == 0, "an item is in two hands");
            Thread.Yield();
            item.Value--;
            _spares.Return(item);
        }
    }
}
