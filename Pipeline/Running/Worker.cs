using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// One worker's thread: which item it is at, and whether it still is a worker. It says itself when it begins and ends an item; in between the watchdog may
/// take the role from it, once.
/// </summary>
internal sealed class Worker<TItem>(string name)
    where TItem : PipelineItem
{
    private const long Idle = 0;
    private const long Replaced = -1;
    private const long Looking = 0;
    private const long Parked = -1;

    // The number of the item that the thread is at, so that the watchdog's exchange can only hit the very one it has looked at.
    private long _at;
    private long _number;

    // Since when it has been at an item, or that it looks at the queue, or is parked.
    private long _since;
    private TItem? _item;
    private Place<TItem>? _place;

    internal Carrier Carrier { get; } = new(name);

    /// <summary>The thread; set before others see the worker.</summary>
    internal Thread? Thread { get; set; }

    /// <summary>Whether it is at an item and still a worker. Any thread.</summary>
    internal bool IsBusy => Volatile.Read(ref _at) > Idle;

    /// <summary>Own thread: an item was taken.</summary>
    internal void Begin(TItem item, Place<TItem> place)
    {
        _item = item;
        _place = place;
        Volatile.Write(ref _since, item.StartedAt);
        Volatile.Write(ref _at, ++_number);
    }

    /// <summary>Own thread: is about to park, and looks at the queue once more after a full fence.</summary>
    internal void Parks() => Volatile.Write(ref _since, Parked);

    /// <summary>Own thread: looks at the queue before it parks.</summary>
    internal void Looks() => Volatile.Write(ref _since, Looking);

    /// <summary>Any thread, after a full fence: whether it takes from the queue without being woken, and soon as far as can be told.</summary>
    /// <param name="now">The time, in Stopwatch ticks.</param>
    /// <param name="shortWork">Who has been at its item for less is soon done, in Stopwatch ticks.</param>
    internal bool IsSoonAtTheQueue(long now, long shortWork)
    {
        long since = Volatile.Read(ref _since);
        return since == Looking || (since != Parked && now - since < shortWork);
    }

    /// <summary>Own thread: the item is done, and still the thread's.</summary>
    /// <returns>False when another thread has its role: the item is the last that it sends home.</returns>
    internal bool TryEnd()
    {
        Looks();
        if (Interlocked.CompareExchange(ref _at, Idle, _number) == _number)
        {
            return true;
        }

        Carrier.AwaitReplaced();
        return false;
    }

    /// <summary>Watchdog: takes the role when the thread has been at its item for longer than the item's deadline.</summary>
    /// <param name="now">The time, in Stopwatch ticks.</param>
    /// <param name="item">What it is at. It may be read until <see cref="Carrier.MarkReplaced"/>, for which the thread waits.</param>
    /// <param name="place">Its lane's place.</param>
    /// <returns>Whether the thread is no worker any more.</returns>
    internal bool TryReplace(
        long now,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TItem? item,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Place<TItem>? place)
    {
        long at = Volatile.Read(ref _at);
        item = _item;
        place = _place;

        // Should the thread be done with it meanwhile, what is read of the item is another passage's, and the exchange fails.
        return at > Idle
            && item is not null
            && place is not null
            && now - item.StartedAt >= PipelineTimes.FromMilliseconds(item.DeadlineMilliseconds)
            && Interlocked.CompareExchange(ref _at, Replaced, at) == at;
    }
}
