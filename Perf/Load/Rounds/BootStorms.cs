using PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>When all guests boot: at once, and again as soon as the last of them has gone down. Any client thread.</summary>
internal sealed class BootStorms
{
    private readonly int _guests;
    private readonly LoopbackEventSet[] _events;
    private int _begun;
    private int _busy;

    /// <param name="guests">How many they are.</param>
    /// <param name="events">What the client threads wait on.</param>
    internal BootStorms(int guests, LoopbackEventSet[] events)
    {
        _guests = guests;
        _events = events;
        _busy = guests;
    }

    /// <summary>How many have begun.</summary>
    internal int Begun => Volatile.Read(ref _begun);

    /// <summary>A guest has found its function, or has gone down again: once for each guest in each storm. The last one begins the next storm.</summary>
    internal void Finish()
    {
        if (Interlocked.Decrement(ref _busy) == 0)
        {
            // Before the number: who sees it may finish at once.
            Volatile.Write(ref _busy, _guests);
            Interlocked.Increment(ref _begun);
            foreach (LoopbackEventSet set in _events)
            {
                set.Wake();
            }
        }
    }
}
