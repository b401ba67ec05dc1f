using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;

/// <summary>
/// One end of an event channel. <see cref="State"/> is changed by any thread with atomic operations; the connection
/// (<see cref="Peer"/>, <see cref="OfferedTo"/>) under the host's connection lock. Never used again once closed.
/// </summary>
internal sealed class LoopbackPort
{
    /// <summary>Signalled, not delivered yet.</summary>
    internal const int Pending = 1;

    /// <summary>Delivered, not unmasked yet.</summary>
    internal const int Masked = 2;

    /// <summary>Unbound: nothing happens to it any more.</summary>
    internal const int Closed = 4;

    private PaddedInt32 _state;
    private LoopbackPort? _peer;

    internal LoopbackPort(LoopbackEventChannels owner, int number, PortGroup group, int slot)
    {
        Owner = owner;
        Number = number;
        Group = group;
        Slot = slot;
    }

    /// <summary>The descriptor on which it is delivered.</summary>
    internal LoopbackEventChannels Owner { get; }

    /// <summary>Its number in its domain.</summary>
    internal int Number { get; }

    /// <summary>Where it reports that it is ready.</summary>
    internal PortGroup Group { get; }

    /// <summary>Its place in <see cref="Group"/>, 0 to 63.</summary>
    internal int Slot { get; }

    /// <summary>Pending, masked, closed.</summary>
    internal ref int State => ref _state.Value;

    /// <summary>The other end; null while none is bound, or it is gone.</summary>
    internal LoopbackPort? Peer
    {
        get => Volatile.Read(ref _peer);
        set => Volatile.Write(ref _peer, value);
    }

    /// <summary>The domain that may bind to it while it has no peer.</summary>
    internal int OfferedTo { get; set; }

    /// <summary>
    /// Closes this end. The other end becomes unbound and may be bound again by this end's domain, as Xen's
    /// EVTCHNOP_close does: a backend that restarts depends on it. Under the connection lock.
    /// </summary>
    internal void Close()
    {
        Interlocked.Or(ref State, Closed);
        if (Peer is { } peer)
        {
            Peer = null;
            peer.OfferedTo = Owner.DomainId;
            peer.Peer = null;
        }
    }

    /// <summary>A word alone on its cache lines: two guests' ports must not slow each other down.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedInt32
    {
        [FieldOffset(64)]
        internal int Value;
    }
}
