using System.Collections.Concurrent;

namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>One domain of a <see cref="LoopbackHost"/>: its ports and its granted pages. Thread-safe.</summary>
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
    private volatile bool _dead;

    internal LoopbackDomain(LoopbackHost host, int domainId)
    {
        Host = host;
        DomainId = domainId;
        View = new LoopbackHypervisor(this);
    }

    /// <summary>The domain's id.</summary>
    public int DomainId { get; }

    /// <summary>The hypervisor as this domain sees it.</summary>
    public LoopbackHypervisor View { get; }

    /// <summary>False from the moment the domain is destroyed.</summary>
    public bool IsAlive => !_dead;

    internal LoopbackHost Host { get; }

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
            throw new HypervisorException("ENOSPC", $"domain {DomainId} has no free event channel");
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

    internal void Die()
    {
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
    }

    internal void ThrowIfDead()
    {
        if (_dead)
        {
            throw new HypervisorException("ESRCH", $"domain {DomainId} was destroyed");
        }
    }
}
