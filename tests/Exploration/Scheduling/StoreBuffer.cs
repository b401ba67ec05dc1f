namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>
/// The store buffer of one thread, as x86 has it (Sewell, Sarkar, Owens, Nardelli, Myreen: x86-TSO, CACM 2010): stores leave it in their
/// order, at a moment the scheduler chooses; until then their own thread reads them and nobody else does. An agent of its own, because
/// draining happens beside the thread.
/// </summary>
internal sealed class StoreBuffer(string owner, Schedule schedule) : Agent($"{owner}'s store buffer", schedule.DrawPriority())
{
    private readonly Queue<PendingStore> _stores = new();

    internal override bool IsEnabled => _stores.Count > 0;

    internal void Add(PendingStore store)
    {
        if (_stores.Count == 0)
        {
            // Each batch anew: the same thread's stores linger once and hurry another time.
            Priority = schedule.DrawPriority();
        }

        _stores.Enqueue(store);
    }

    /// <summary>The oldest store reaches memory.</summary>
    internal PendingStore CommitOldest()
    {
        PendingStore store = _stores.Dequeue();
        store.Commit();
        return store;
    }

    /// <summary>What the own thread reads: its newest store to that place, if one is under way.</summary>
    internal unsafe bool TryForward<T>(ref T location, out T value)
    {
        nint address = PendingStore.AddressOf(ref location);
        bool found = false;
        value = default!;
        foreach (PendingStore store in _stores)
        {
            if (store.Address == address)
            {
                value = ((PendingStore<T>)store).Value;
                found = true;
            }
        }

        return found;
    }
}
