namespace PciBackFlow.Pipeline.Queues;

/// <summary>
/// Items that answer for those which are late. There are as many as there can be late ones at a time, made when lanes and threads are, so that
/// a deadline that passes allocates nothing. Any thread.
/// </summary>
/// <typeparam name="TItem">What travels.</typeparam>
/// <param name="create">Makes one.</param>
internal sealed class SpareItems<TItem>(Func<TItem> create)
    where TItem : PipelineItem
{
    private readonly GrowingQueue<TItem> _items = new();

    /// <summary>Spare items now. Exact when nobody else is at it.</summary>
    internal int Count => _items.Count;

    /// <summary>Control: makes more.</summary>
    /// <param name="count">How many more items can be late, at least 1.</param>
    internal void Make(int count)
    {
        _items.Reserve(count);
        for (int i = 0; i < count; i++)
        {
            _items.TryWrite(create());
        }
    }

    /// <summary>Takes one. Should all be away after all, or one just be coming back, a new one is made: nobody is refused for want of it.</summary>
    /// <returns>The item.</returns>
    internal TItem Take() => _items.TryRead(out TItem? item) ? item : create();

    /// <summary>Gives one back; one too many is forgotten.</summary>
    /// <param name="item">The item, home.</param>
    internal void Return(TItem item) => _items.TryWrite(item);
}
