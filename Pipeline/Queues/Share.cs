namespace PciBackFlow.Pipeline.Queues;

/// <summary>
/// How many threads are at items of one lane, and whether another item of it waits aside until one of them is done. One word, so that whoever is put aside
/// is seen by the next to end. Any thread.
/// </summary>
internal struct Share
{
    private const int Aside = 1;
    private const int OneThread = 2;

    private int _state;

    /// <summary>A thread is about to take the lane's item.</summary>
    /// <param name="most">How many threads may be at the lane's items, at least 1.</param>
    /// <returns>False when as many are: the item waits aside, in its place, for <see cref="End"/>.</returns>
    internal bool TryBegin(int most)
    {
        int state = Volatile.Read(ref _state);
        while (true)
        {
            bool mayBegin = state / OneThread < most;
            int seen = Interlocked.CompareExchange(ref _state, mayBegin ? state + OneThread : state | Aside, state);
            if (seen == state)
            {
                return mayBegin;
            }

            state = seen;
        }
    }

    /// <summary>A thread is done with an item of the lane.</summary>
    /// <returns>Whether one waited aside: it has its turn now, and the caller sees to it.</returns>
    internal bool End()
    {
        int state = Volatile.Read(ref _state);
        while (true)
        {
            bool isNext = (state & Aside) != 0;
            int seen = Interlocked.CompareExchange(ref _state, isNext ? state & ~Aside : state - OneThread, state);
            if (seen == state)
            {
                return isNext;
            }

            state = seen;
        }
    }
}
