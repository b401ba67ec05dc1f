using System.Numerics;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;

/// <summary>
/// A domain's event-channel descriptor in memory, with the rules of <c>/dev/xen/evtchn</c>: a delivered port is
/// masked until unmasked, and what was signalled meanwhile is delivered then, once. Ports are delivered in rotation,
/// so that none starves. <see cref="Notify"/> and <see cref="Wake"/>: any thread, no lock, no allocation; the rest
/// belongs to one owning thread, of which <see cref="Read"/> and <see cref="Unmask"/> neither lock nor allocate.
/// </summary>
internal sealed class LoopbackEventChannels : IEventChannels
{
    private readonly LoopbackDomain _domain;
    private readonly EventWait _wait = new();

    // Who waits for this descriptor among others, and what it is called there.
    private readonly LoopbackEventSet? _set;
    private readonly int _member;
    private PortGroup[] _groups = [];
    private int _cursor;
    private int _wakeRequested;
    private bool _disposed;

    internal LoopbackEventChannels(LoopbackDomain domain, LoopbackEventSet? set, int member)
    {
        _domain = domain;
        _set = set;
        _member = member;
    }

    internal int DomainId => _domain.DomainId;

    /// <inheritdoc/>
    public int BindInterdomain(int domainId, int remotePort)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        LoopbackPort local;
        lock (_domain.Host.ConnectionLock)
        {
            LoopbackPort? remote = _domain.Host.Domain(domainId).FindPort(remotePort);
            if (remote is null || remote.Peer is not null || remote.OfferedTo != DomainId)
            {
                throw new HypervisorException(
                    Errno.EINVAL, $"domain {domainId} offers no port {remotePort} to domain {DomainId}, or it is bound already");
            }

            local = NewPort();
            local.Peer = remote;
            remote.Peer = local;
        }

        // The peer may have signalled while nothing was bound. Xen (EVTCHNOP_bind_interdomain) marks the new port
        // pending in any case; the atomic operation in Signal is also the fence that pairs with the one in Notify.
        Signal(local);
        return local.Number;
    }

    /// <inheritdoc/>
    public int AllocateUnbound(int remoteDomainId)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        lock (_domain.Host.ConnectionLock)
        {
            LoopbackPort port = NewPort();
            port.OfferedTo = remoteDomainId;
            return port.Number;
        }
    }

    /// <inheritdoc/>
    public void Unbind(int port)
    {
        lock (_domain.Host.ConnectionLock)
        {
            if (FindOwn(port) is { } own)
            {
                Release(own);
            }
        }
    }

    /// <inheritdoc/>
    public bool Notify(int port)
    {
        if (FindOwn(port) is not { } own)
        {
            return false;
        }

        LoopbackPort? peer = own.Peer;
        if (peer is null)
        {
            // A binder sets Peer, then (full fence) marks its port pending. This fence pairs with that one: either
            // the peer is seen now, or the binder's first event sees what the caller wrote before this call.
            Interlocked.MemoryBarrier();
            peer = own.Peer;
        }

        peer?.Owner.Signal(peer);
        return true;
    }

    /// <inheritdoc/>
    public int Read(Span<int> ports, int timeoutMilliseconds)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        bool woken = TakeWake();
        int count = Scan(ports);
        return count != 0 || woken || timeoutMilliseconds == 0 ? count : ReadBlocking(ports, timeoutMilliseconds);
    }

    /// <inheritdoc/>
    public void Unmask(ReadOnlySpan<int> ports)
    {
        foreach (int port in ports)
        {
            if (FindOwn(port) is not { } own)
            {
                continue;
            }

            // The full fence pairs with the one in Signal: a signal either sees the mask gone and sets the ready
            // bit, or is seen here.
            int before = Interlocked.And(ref own.State, ~LoopbackPort.Masked);
            if (before == (LoopbackPort.Masked | LoopbackPort.Pending))
            {
                Interlocked.Or(ref own.Group.Ready, 1L << own.Slot);
                _set?.Signal(_member, wake: false);
            }
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        // Full fence; pairs with the one in EventWait.Arm.
        Interlocked.Exchange(ref _wakeRequested, 1);
        _set?.Signal(_member, wake: true);
        _wait.Wake();
    }

    /// <summary>Closes every port and the descriptor.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        lock (_domain.Host.ConnectionLock)
        {
            foreach (PortGroup group in _groups)
            {
                foreach (LoopbackPort? port in group.Ports)
                {
                    if (port is not null)
                    {
                        Release(port);
                    }
                }
            }

            _domain.Forget(this);
        }

        _wait.Close();
    }

    /// <summary>Marks one of this descriptor's ports pending. Any thread.</summary>
    private void Signal(LoopbackPort port)
    {
        // Full fence: what the signalling side wrote before is visible to whoever takes the pending bit.
        // Whoever turns a port pending while unmasked, and nobody else, sets its ready bit.
        if (Interlocked.Or(ref port.State, LoopbackPort.Pending) == 0)
        {
            // Full fence; pairs with the one in EventWait.Arm.
            Interlocked.Or(ref port.Group.Ready, 1L << port.Slot);
            _set?.Signal(_member, wake: true);
            _wait.Wake();
        }
    }

    private int ReadBlocking(Span<int> ports, int timeoutMilliseconds)
    {
        long end = timeoutMilliseconds < 0 ? long.MaxValue : Environment.TickCount64 + timeoutMilliseconds;
        while (true)
        {
            _wait.Arm();
            bool woken = TakeWake();
            int count = Scan(ports);
            long remaining = timeoutMilliseconds < 0 ? -1 : Math.Max(0, end - Environment.TickCount64);
            if (count != 0 || woken || remaining == 0)
            {
                _wait.Disarm();
                return count;
            }

            _wait.Sleep((int)remaining);
        }
    }

    private bool TakeWake() =>
        Volatile.Read(ref _wakeRequested) != 0 && Interlocked.Exchange(ref _wakeRequested, 0) != 0;

    private int Scan(Span<int> ports)
    {
        PortGroup[] groups = _groups;
        int first = _cursor / PortGroup.Size;
        long fromCursor = -1L << (_cursor % PortGroup.Size);
        int count = 0;

        // Once around the ring: the cursor's group comes first with its upper part and last with its lower part.
        for (int i = 0; i <= groups.Length && count < ports.Length && groups.Length != 0; i++)
        {
            int index = first + i < groups.Length ? first + i : first + i - groups.Length;
            PortGroup group = groups[index];
            long ready = Volatile.Read(ref group.Ready);
            if (i == 0)
            {
                ready &= fromCursor;
            }
            else if (i == groups.Length)
            {
                ready &= ~fromCursor;
            }

            while (ready != 0 && count < ports.Length)
            {
                int slot = BitOperations.TrailingZeroCount(ready);
                long bit = 1L << slot;
                ready &= ~bit;

                // The bit goes before the state is looked at; Signal sets them the other way round. A signal that
                // comes between the two leaves a bit behind, which finds its port masked and is dropped next time.
                Interlocked.And(ref group.Ready, ~bit);
                if (group.Ports[slot] is { } port
                    && Interlocked.CompareExchange(ref port.State, LoopbackPort.Masked, LoopbackPort.Pending) == LoopbackPort.Pending)
                {
                    ports[count++] = port.Number;
                    int next = (index * PortGroup.Size) + slot + 1;
                    _cursor = next < groups.Length * PortGroup.Size ? next : 0;
                }
            }
        }

        return count;
    }

    private LoopbackPort? FindOwn(int port) => _domain.FindPort(port) is { } found && found.Owner == this ? found : null;

    private LoopbackPort NewPort()
    {
        int number = _domain.NextPortNumber();
        int index = Array.FindIndex(_groups, g => g.Count < PortGroup.Size);
        if (index < 0)
        {
            index = _groups.Length;
            _groups = [.. _groups, new PortGroup()];
        }

        PortGroup group = _groups[index];
        int slot = Array.IndexOf(group.Ports, null);
        var port = new LoopbackPort(this, number, group, slot);
        group.Ports[slot] = port;
        group.Count++;
        _domain.AddPort(port);
        return port;
    }

    private void Release(LoopbackPort port)
    {
        port.Close();
        port.Group.Ports[port.Slot] = null;
        port.Group.Count--;
        _domain.RemovePort(port);
    }
}
