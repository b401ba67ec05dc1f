using System.Numerics;

namespace PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;

/// <summary>
/// The ports bound on one descriptor. Two things need it: an event of a port that was unbound meanwhile is still queued in the kernel and is
/// to be dropped, and after an overflow every port has to be looked at. Belongs to the descriptor's owner; only <see cref="Add"/> allocates.
/// </summary>
internal sealed class BoundPorts
{
    // EVTCHN_FIFO_NR_CHANNELS (xen/include/public/event_channel.h): no port is above.
    private const int Most = 1 << 17;
    private const int Bits = 64;

    private ulong[] _bound = [];

    // The next port to look at after an overflow; none is due when it is beyond the last.
    private int _due = int.MaxValue;

    internal void Add(int port)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(port, Most);
        if (port / Bits >= _bound.Length)
        {
            Array.Resize(ref _bound, (int)BitOperations.RoundUpToPowerOf2((uint)(port / Bits) + 1));
        }

        _bound[port / Bits] |= 1UL << (port % Bits);
    }

    /// <summary>Forgets a port.</summary>
    /// <returns>Whether it was bound.</returns>
    internal bool Remove(int port)
    {
        bool bound = Contains(port);
        if (bound)
        {
            _bound[port / Bits] &= ~(1UL << (port % Bits));
        }

        return bound;
    }

    internal bool Contains(int port) => (uint)port < (uint)(_bound.Length * Bits) && (_bound[port / Bits] & (1UL << (port % Bits))) != 0;

    /// <summary>Keeps the bound ones at the front, in order.</summary>
    /// <returns>How many.</returns>
    internal int Keep(Span<int> ports)
    {
        int kept = 0;
        foreach (int port in ports)
        {
            if (Contains(port))
            {
                ports[kept++] = port;
            }
        }

        return kept;
    }

    /// <summary>Events were lost: every port is due.</summary>
    internal void AllDue() => _due = 0;

    /// <summary>Takes due ports, each once.</summary>
    /// <returns>How many; 0 when none is due any more.</returns>
    internal int TakeDue(Span<int> ports)
    {
        int taken = 0;
        for (; taken < ports.Length && _due < _bound.Length * Bits; _due++)
        {
            if (Contains(_due))
            {
                ports[taken++] = _due;
            }
        }

        return taken;
    }
}
