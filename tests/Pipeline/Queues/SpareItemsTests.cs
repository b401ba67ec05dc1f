using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Queues;

public sealed class SpareItemsTests
{
    private readonly SpareItems<ToyItem> _spares;
    private int _made;

    public SpareItemsTests() => _spares = new SpareItems<ToyItem>(() =>
    {
        _made++;
        return new ToyItem();
    });

    [Fact]
    public void As_many_as_were_made_are_lent_without_making_one()
    {
        _spares.Make(60);
        _spares.Make(140);
        Assert.Equal((200, 200), (_made, _spares.Count));

        ToyItem[] lent = [.. Enumerable.Range(0, 200).Select(_ => _spares.Take())];

        Assert.Equal((200, 200, 0), (_made, lent.Distinct().Count(), _spares.Count));
        Assert.NotNull(_spares.Take());
        Assert.Equal(201, _made);
    }

    [Fact]
    public void What_comes_back_is_lent_again_and_more_than_there_is_room_for_is_forgotten()
    {
        _spares.Make(1);
        ToyItem item = _spares.Take();

        _spares.Return(item);

        Assert.Same(item, _spares.Take());
        for (int i = 0; i < 1000; i++)
        {
            _spares.Return(new ToyItem());
        }

        Assert.InRange(_spares.Count, 1, 999);
        Assert.Equal(1, _made);
    }
}
