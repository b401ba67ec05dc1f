using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Running;

public sealed class WorkerTests
{
    private const long ShortWork = 100;

    private readonly Worker<ToyItem> _worker = new("worker");

    [Fact]
    public void One_that_begins_looks_at_the_queue() => Assert.True(_worker.IsSoonAtTheQueue(now: 1_000_000, ShortWork));

    [Fact]
    public void One_that_parks_has_to_be_woken()
    {
        _worker.Parks();

        Assert.False(_worker.IsSoonAtTheQueue(now: 0, ShortWork));
    }

    [Fact]
    public void One_that_was_woken_looks_again()
    {
        _worker.Parks();
        _worker.Looks();

        Assert.True(_worker.IsSoonAtTheQueue(now: 1_000_000, ShortWork));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(99, true)]
    [InlineData(100, false)]
    [InlineData(1_000_000, false)]
    public void One_that_is_at_an_item_is_soon_done_if_it_has_just_begun(long after, bool isSoon)
    {
        _worker.Begin(new ToyItem { StartedAt = 5000 }, new Place<ToyItem>());

        Assert.Equal(isSoon, _worker.IsSoonAtTheQueue(5000 + after, ShortWork));
    }

    [Fact]
    public void One_that_is_done_looks_at_the_queue_however_long_it_took()
    {
        _worker.Begin(new ToyItem { StartedAt = 5000 }, new Place<ToyItem>());

        Assert.True(_worker.TryEnd());

        Assert.True(_worker.IsSoonAtTheQueue(now: 1_000_000, ShortWork));
    }
}
