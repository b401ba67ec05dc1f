using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;

/// <summary>
/// One descriptor of <c>/dev/xen/evtchn</c> (Linux drivers/xen/evtchn.c). Opened blocking: a read without limit is one system call, one with a
/// limit asks poll first. Should the kernel's queue overflow (EFBIG), it is reset and every bound port is delivered, because any may have
/// been signalled: to the owner they look like spurious events. <see cref="Notify"/> and <see cref="Wake"/>: any thread; the rest belongs to one owning
/// thread. <see cref="Read"/>, <see cref="Unmask"/> and <see cref="Notify"/> neither lock nor allocate.
/// </summary>
public sealed unsafe class XenEventChannels : IEventChannels
{
    private readonly DeviceFile _device;
    private readonly BoundPorts _bound = new();

    // Both ends of the channel to ourselves: signalled on one, delivered on the other.
    private readonly int _wakeFrom;
    private readonly int _wakeTo;
    private int _wakeRequested;

    private XenEventChannels(DeviceFile device)
    {
        _device = device;
        _wakeFrom = Allocate(EventChannelControl.Self);
        _wakeTo = Bind(EventChannelControl.Self, _wakeFrom);
    }

    /// <summary>Opens a descriptor with no ports but the two it wakes itself through.</summary>
    /// <returns>The descriptor.</returns>
    /// <exception cref="HypervisorException">ENOENT, ENXIO: no such device; EACCES: not allowed; ENOSPC: the domain has no free port; EMFILE.</exception>
    public static XenEventChannels Open()
    {
        var device = DeviceFile.Open("/dev/xen/evtchn", "is this a Xen domain, and is the module xen-evtchn loaded?");
        try
        {
            return new XenEventChannels(device);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int BindInterdomain(int domainId, int remotePort)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(domainId);
        ArgumentOutOfRangeException.ThrowIfNegative(remotePort);
        int port = Bind((uint)domainId, remotePort);
        _bound.Add(port);
        return port;
    }

    /// <inheritdoc/>
    public int AllocateUnbound(int remoteDomainId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(remoteDomainId);
        int port = Allocate((uint)remoteDomainId);
        _bound.Add(port);
        return port;
    }

    /// <inheritdoc/>
    public void Unbind(int port)
    {
        if (_bound.Remove(port))
        {
            var argument = new EventChannelControl.PortArgument { Port = (uint)port };
            _ = _device.Control(EventChannelControl.Unbind, &argument);
        }
    }

    /// <inheritdoc/>
    public bool Notify(int port)
    {
        var argument = new EventChannelControl.PortArgument { Port = (uint)port };
        try
        {
            // What the other side is to see was written before; the hypercall behind this is a full fence.
            // ENOTCONN is all that the device refuses with (drivers/xen/evtchn.c): not a port of this descriptor.
            return _device.Control(EventChannelControl.Notify, &argument) >= 0;
        }
        catch (ObjectDisposedException)
        {
            // Closed by its owner meanwhile, and with it the port.
            return false;
        }
    }

    /// <inheritdoc/>
    public int Read(Span<int> ports, int timeoutMilliseconds)
    {
        if (ports.IsEmpty)
        {
            return 0;
        }

        long end = timeoutMilliseconds <= 0 ? 0 : Environment.TickCount64 + timeoutMilliseconds;
        int remaining = timeoutMilliseconds;
        while (true)
        {
            int due = _bound.TakeDue(ports);
            if (due != 0)
            {
                return due;
            }

            // A wake-up whose event is still under way must not wait for it.
            bool woken = TakeWake();
            remaining = woken ? 0 : remaining;
            if (remaining < 0 || _device.Wait(remaining))
            {
                int count = Take(ports, ref woken);
                if (count != 0)
                {
                    return count;
                }
            }

            if (timeoutMilliseconds > 0)
            {
                remaining = (int)Math.Max(0, end - Environment.TickCount64);
            }

            if (woken || remaining == 0)
            {
                return 0;
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">EIO and others: the device refuses; its ports are lost.</exception>
    public void Unmask(ReadOnlySpan<int> ports)
    {
        fixed (int* first = ports)
        {
            int offset = 0;
            while (offset < ports.Length)
            {
                int bytes = Math.Min((ports.Length - offset) * sizeof(int), EventChannelControl.MostBytes);
                int written = _device.Write(first + offset, bytes);
                if (written <= 0)
                {
                    throw new HypervisorException(written == 0 ? Errno.EIO : (Errno)(-written), "can't unmask event channels");
                }

                offset += written / sizeof(int);
            }
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        // Full fence. Who finds the flag set need not signal: whoever set it does. A signal that finds the port masked is
        // delivered when it is unmasked, and the reader looks at the flag only after unmasking.
        if (Interlocked.Exchange(ref _wakeRequested, 1) == 0)
        {
            _ = Notify(_wakeFrom);
        }
    }

    /// <summary>Closes the descriptor, and with it every port.</summary>
    public void Dispose() => _device.Dispose();

    /// <summary>One read from the device.</summary>
    /// <returns>How many of the owner's ports came.</returns>
    private int Take(Span<int> ports, ref bool woken)
    {
        int bytes;
        fixed (int* first = ports)
        {
            bytes = _device.Read(first, Math.Min(ports.Length * sizeof(int), EventChannelControl.MostBytes));
        }

        if (bytes == -(int)Errno.EINTR)
        {
            // The runtime interrupts blocked threads to suspend them.
            return 0;
        }

        if (bytes == -(int)Errno.EFBIG)
        {
            Recover();
            woken |= TakeWake();
            return _bound.TakeDue(ports);
        }

        if (bytes < 0)
        {
            throw new HypervisorException((Errno)(-bytes), "can't read event channels");
        }

        Span<int> delivered = ports[..(bytes / sizeof(int))];
        if (delivered.Contains(_wakeTo))
        {
            Unmask(new ReadOnlySpan<int>(in _wakeTo));
            woken |= TakeWake();
        }

        // What else is not ours was unbound after it was queued.
        return _bound.Keep(delivered);
    }

    /// <summary>
    /// The queue was too short: what came then is masked and lost. It is emptied, and all ports are due; unmasking, which
    /// follows delivery, is ignored for those that were not masked.
    /// </summary>
    private void Recover()
    {
        int error = _device.Control(EventChannelControl.Reset, null);
        if (error < 0)
        {
            throw new HypervisorException((Errno)(-error), "can't reset event channels after an overflow");
        }

        _bound.AllDue();
        Unmask(new ReadOnlySpan<int>(in _wakeTo));
    }

    private bool TakeWake() =>
        Volatile.Read(ref _wakeRequested) != 0 && Interlocked.Exchange(ref _wakeRequested, 0) != 0;

    private int Allocate(uint remoteDomain)
    {
        var argument = new EventChannelControl.UnboundPortArgument { RemoteDomain = remoteDomain };
        int port = _device.Control(EventChannelControl.BindUnboundPort, &argument);
        return port >= 0 ? port : throw new HypervisorException((Errno)(-port), $"can't allocate an event channel for domain {remoteDomain}");
    }

    private int Bind(uint remoteDomain, int remotePort)
    {
        var argument = new EventChannelControl.InterdomainArgument { RemoteDomain = remoteDomain, RemotePort = (uint)remotePort };
        int port = _device.Control(EventChannelControl.BindInterdomain, &argument);
        return port >= 0
            ? port
            : throw new HypervisorException(
                (Errno)(-port), $"can't bind to port {remotePort} of domain {remoteDomain}: not offered to this domain, or bound already");
    }
}
