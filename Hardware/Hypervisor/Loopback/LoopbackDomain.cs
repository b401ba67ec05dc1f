using System.Collections.Concurrent;
using PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;
using PciBackFlow.Hardware.Hypervisor.Loopback.Grants;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>One domain of a <see cref="LoopbackHost"/>: its ports, its granted pages, and what the hypervisor says of it. Thread-safe.</summary>
public sealed class LoopbackDomain
{
    // Xen's FIFO event channels give a domain 2^17 ports (public/event_channel.h); port 0 is never handed out.
    private const int PortLimit = 1 << 17;

    // References 0-7 are reserved (public/grant_table.h GNTTAB_NR_RESERVED_ENTRIES).
    private const int FirstReference = 8;

    private readonly ConcurrentDictionary<uint, GrantedPage> _grants = new();
    private readonly List<LoopbackEventChannels> _descriptors = [];
    private LoopbackPort?[] _ports = new LoopbackPort?[16];
    private int _lowestFreePort = 1;
    private uint _lastReference = FirstReference - 1;
    private int _pauses;
    private volatile bool _dead;
    private volatile bool _shutdown;
    private volatile bool _hardwareVirtualized;
    private volatile bool _forbidsPassthrough;

    internal LoopbackDomain(LoopbackHost host, int domainId, Guid handle)
    {
        Host = host;
        DomainId = domainId;
        Handle = handle;
        View = new LoopbackHypervisor(this);
    }

    /// <summary>The domain's id.</summary>
    public int DomainId { get; }

    /// <summary>The hypervisor as this domain sees it.</summary>
    public LoopbackHypervisor View { get; }

    /// <summary>Its UUID; domain 0 has none.</summary>
    public Guid Handle { get; }

    /// <summary>False from the moment the domain is destroyed.</summary>
    public bool IsAlive => !_dead;

    /// <summary>It is being destroyed; as long as it is found, somebody still holds its pages.</summary>
    public bool IsDying => _dead;

    /// <summary>Its kernel has halted, rebooted or crashed (<see cref="LoopbackHost.ShutDown"/>).</summary>
    public bool IsShutdown => _shutdown;

    /// <summary>It was paused more often than unpaused.</summary>
    public bool IsPaused => Volatile.Read(ref _pauses) > 0;

    /// <summary>It is an HVM or PVH guest.</summary>
    public bool IsHardwareVirtualized
    {
        get => _hardwareVirtualized;
        set => _hardwareVirtualized = value;
    }

    /// <summary>It was created with an IOMMU context, without which no device can be assigned to it.</summary>
    public bool AllowsPassthrough
    {
        get => !_forbidsPassthrough;
        set => _forbidsPassthrough = !value;
    }

    internal LoopbackHost Host { get; }

    internal DomainHoldings Holdings { get; } = new();

    internal DomainInfo Info => new(DomainId, Handle, IsDying, IsShutdown, IsPaused, IsHardwareVirtualized);

    /// <summary>Binds a pirq that was mapped for this domain, as its kernel does (EVTCHNOP_bind_pirq).</summary>
    /// <param name="pirq">The pirq.</param>
    /// <param name="handler">
    /// Runs on the thread that raises the interrupt; at once on this thread when it was raised before. It may run once more after the end of the binding.
    /// </param>
    /// <returns>The binding; dispose it to close the event channel. It need not be mapped any more then.</returns>
    /// <exception cref="HypervisorException">EPERM: not mapped, or not permitted; EEXIST: bound already; ESRCH: the domain was destroyed.</exception>
    public IDisposable BindPirq(int pirq, Action handler) => Host.Passthrough.Bind(this, pirq, handler);

    internal GrantedPage Grant(int toDomainId, bool readOnly)
    {
        ThrowIfDead();
        var page = new GrantedPage(this, Interlocked.Increment(ref _lastReference), toDomainId, readOnly);
        _grants[page.Reference] = page;
        if (_dead)
        {
            // Destroyed meanwhile: its sweep over the grants may have missed this one.
            page.Revoke();
        }

        return page;
    }

    internal GrantedPage? FindGrant(uint reference) => _grants.GetValueOrDefault(reference);

    internal void ForgetGrant(uint reference) => _grants.TryRemove(reference, out _);

    /// <summary>A port by number. Any thread, without a lock: a number is known only after its table was published.</summary>
    internal LoopbackPort? FindPort(int port)
    {
        LoopbackPort?[] ports = Volatile.Read(ref _ports);
        return (uint)port < (uint)ports.Length ? Volatile.Read(ref ports[port]) : null;
    }

    /// <summary>Reserves the lowest free port number, as Xen does. Under the connection lock.</summary>
    internal int NextPortNumber()
    {
        ThrowIfDead();
        int port = _lowestFreePort;
        while (port < _ports.Length && _ports[port] is not null)
        {
            port++;
        }

        if (port == PortLimit)
        {
            throw new HypervisorException(Errno.ENOSPC, $"domain {DomainId} has no free event channel");
        }

        if (port == _ports.Length)
        {
            var grown = new LoopbackPort?[port * 2];
            Array.Copy(_ports, grown, port);
            Volatile.Write(ref _ports, grown);
        }

        _lowestFreePort = port;
        return port;
    }

    /// <summary>Publishes a port. Under the connection lock.</summary>
    internal void AddPort(LoopbackPort port) => Volatile.Write(ref _ports[port.Number], port);

    /// <summary>Frees a port's number. Under the connection lock.</summary>
    internal void RemovePort(LoopbackPort port)
    {
        if (_dead)
        {
            return;
        }

        Volatile.Write(ref _ports[port.Number], null);
        _lowestFreePort = Math.Min(_lowestFreePort, port.Number);
    }

    internal LoopbackEventChannels OpenEventChannels(LoopbackEventSet? set, int member)
    {
        lock (Host.ConnectionLock)
        {
            ThrowIfDead();
            var opened = new LoopbackEventChannels(this, set, member);
            _descriptors.Add(opened);
            return opened;
        }
    }

    /// <summary>Forgets a closed descriptor. Under the connection lock.</summary>
    internal void Forget(LoopbackEventChannels closed) => _descriptors.Remove(closed);

    internal void ShutDown() => _shutdown = true;

    internal void Pause() => Interlocked.Increment(ref _pauses);

    internal void Unpause()
    {
        if (Interlocked.Decrement(ref _pauses) < 0)
        {
            Interlocked.Increment(ref _pauses);
            throw new HypervisorException(Errno.EINVAL, $"domain {DomainId} is not paused");
        }
    }

    internal void Die()
    {
        if (_dead)
        {
            return;
        }

        _dead = true;
        lock (Host.ConnectionLock)
        {
            foreach (LoopbackPort? port in _ports)
            {
                port?.Close();
            }

            Volatile.Write(ref _ports, []);
            foreach (LoopbackEventChannels descriptor in _descriptors)
            {
                descriptor.Wake();
            }
        }

        foreach (GrantedPage page in _grants.Values)
        {
            page.Revoke();
        }

        Host.Passthrough.Release(this);
    }

    internal void ThrowIfDead()
    {
        if (_dead)
        {
            throw new HypervisorException(Errno.ESRCH, $"domain {DomainId} was destroyed");
        }
    }
}
