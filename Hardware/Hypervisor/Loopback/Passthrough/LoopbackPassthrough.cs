using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>
/// The passthrough half of a <see cref="LoopbackHost"/>: which domain has which function, what it may touch, which interrupts are mapped for it, with
/// Xen's own refusals (xen/drivers/passthrough/pci.c, xen/arch/x86/irq.c, xen/arch/x86/msi.c). A test asks here what is granted to whom; a simulated
/// device raises its interrupts here. It knows nothing of configuration space: whether a function's enable bit lets a message out is for the device
/// to know. Thread-safe.
/// </summary>
public sealed partial class LoopbackPassthrough
{
    private readonly LoopbackHost _host;
    private readonly Lock _lock = new();
    private readonly Dictionary<PciAddress, int> _owners = [];
    private readonly HashSet<PciAddress> _quarantined = [];
    private readonly HashSet<PciAddress> _prepared = [];
    private readonly Dictionary<PciAddress, LoopbackFunctionTraits> _traits = [];
    private readonly Dictionary<PciAddress, List<MappedPirq>> _messages = [];
    private readonly List<(LoopbackCall Call, int Skip, Errno Errno)> _faults = [];
    private Action<LoopbackRequest>? _observer;

    internal LoopbackPassthrough(LoopbackHost host, LoopbackPlatform platform)
    {
        _host = host;
        Platform = platform;
    }

    /// <summary>What kind of machine this is.</summary>
    public LoopbackPlatform Platform { get; }

    /// <summary>
    /// Called before each call that changes something, on the caller's thread and without a lock: it may note the order, block (a slow hypervisor) or
    /// throw a <see cref="HypervisorException"/> (one that refuses).
    /// </summary>
    public Action<LoopbackRequest>? Observer
    {
        get => Volatile.Read(ref _observer);
        set => Volatile.Write(ref _observer, value);
    }

    /// <summary>Makes a later call fail, once, before it does anything.</summary>
    /// <param name="call">Which kind of call.</param>
    /// <param name="errno">The error, e.g. <c>ENOSPC</c>.</param>
    /// <param name="ordinal">The how-many-th call of that kind from now on, 1 for the next.</param>
    public void Fail(LoopbackCall call, Errno errno, int ordinal = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ordinal, 1);
        lock (_lock)
        {
            _faults.Add((call, ordinal - 1, errno));
        }
    }

    /// <summary>Tells what a function is like; without it, it has MSI and MSI-X of any size and decodes memory.</summary>
    /// <param name="function">The host's function.</param>
    /// <param name="traits">What it is like from now on.</param>
    public void Describe(PciAddress function, LoopbackFunctionTraits traits)
    {
        lock (_lock)
        {
            _traits[function] = traits;
        }
    }

    /// <summary>Who has a function.</summary>
    /// <param name="function">The host's function.</param>
    /// <returns>A guest, <see cref="DomainInfo.Quarantine"/>, or 0.</returns>
    public int OwnerOf(PciAddress function)
    {
        lock (_lock)
        {
            return _owners.GetValueOrDefault(function);
        }
    }

    /// <summary>Whether a function's MSI-X table is prepared.</summary>
    /// <param name="function">The host's function.</param>
    /// <returns>True between <see cref="IPhysdev.PrepareMsix"/> and <see cref="IPhysdev.ReleaseMsix"/>.</returns>
    public bool IsPrepared(PciAddress function)
    {
        lock (_lock)
        {
            return _prepared.Contains(function);
        }
    }

    /// <summary>The functions that a domain has.</summary>
    /// <param name="domainId">A guest, or <see cref="DomainInfo.Quarantine"/>.</param>
    /// <returns>Sorted.</returns>
    public IReadOnlyList<PciAddress> FunctionsOf(int domainId)
    {
        List<PciAddress> functions = [];
        lock (_lock)
        {
            foreach ((PciAddress function, int owner) in _owners)
            {
                if (owner == domainId)
                {
                    functions.Add(function);
                }
            }
        }

        functions.Sort();
        return functions;
    }

    /// <summary>The host memory that a domain may map, in frames of 4 KiB.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>Sorted, what touches merged; empty when the domain is gone.</returns>
    public IReadOnlyList<LoopbackRange> MemoryOf(int domainId)
    {
        lock (_lock)
        {
            return HoldingsOf(domainId)?.Memory.ToArray() ?? [];
        }
    }

    /// <summary>The I/O ports that a domain may use.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>Sorted, what touches merged; empty when the domain is gone.</returns>
    public IReadOnlyList<LoopbackRange> PortsOf(int domainId)
    {
        lock (_lock)
        {
            return HoldingsOf(domainId)?.Ports.ToArray() ?? [];
        }
    }

    /// <summary>The lines that a domain may bind, by GSI. As in Xen, mapping one permits it and unmapping it forbids it.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>Sorted; empty when the domain is gone.</returns>
    public IReadOnlyList<int> LinesOf(int domainId)
    {
        lock (_lock)
        {
            return HoldingsOf(domainId) is { } holdings ? [.. holdings.Lines] : [];
        }
    }

    /// <summary>The pirqs that are mapped for a domain.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>By number; empty when the domain is gone.</returns>
    public IReadOnlyList<LoopbackPirq> PirqsOf(int domainId)
    {
        List<LoopbackPirq> mapped = [];
        lock (_lock)
        {
            if (HoldingsOf(domainId) is { } holdings)
            {
                foreach (MappedPirq pirq in holdings.Pirqs.Values)
                {
                    if (pirq.IsMapped)
                    {
                        mapped.Add(pirq.Describe());
                    }
                }
            }
        }

        return mapped;
    }

    /// <summary>Whether a domain has anything of the machine: a function, memory, ports, a line, a pirq.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>False once all was taken back.</returns>
    public bool HasAnything(int domainId)
    {
        lock (_lock)
        {
            return _owners.ContainsValue(domainId)
                || (HoldingsOf(domainId) is { } holdings
                    && (!holdings.Memory.IsEmpty || !holdings.Ports.IsEmpty || holdings.Lines.Count != 0 || AnyMapped(holdings)));
        }
    }

    /// <summary>
    /// A function signals a message: its MSI-X entry where one of those is mapped, else its MSI vector. The guest's handler runs on this thread.
    /// </summary>
    /// <param name="function">The host's function.</param>
    /// <param name="entry">The MSI-X entry or the MSI vector, 0 for the first.</param>
    /// <returns>True when a guest's handler ran; false when nothing is mapped, or the guest has not bound it yet (it is delivered then).</returns>
    public bool RaiseMessage(PciAddress function, int entry)
    {
        Action? handler = null;
        lock (_lock)
        {
            if (!_messages.TryGetValue(function, out List<MappedPirq>? mapped))
            {
                return false;
            }

            LoopbackPirqKind kind = mapped.Exists(p => p.Kind == LoopbackPirqKind.Msix) ? LoopbackPirqKind.Msix : LoopbackPirqKind.Msi;

            // The latest mapping of an entry is the one whose message stands in the table.
            if (mapped.FindLast(p => p.Kind == kind && p.Source == entry) is { } pirq)
            {
                handler = pirq.Handler;
                pirq.IsPending = handler is null;
            }
        }

        handler?.Invoke();
        return handler is not null;
    }

    /// <summary>A line goes up once. The handlers of all guests that it is mapped for run on this thread.</summary>
    /// <param name="gsi">The global system interrupt.</param>
    /// <returns>How many handlers ran.</returns>
    public int RaiseLine(int gsi)
    {
        List<Action> handlers = [];
        lock (_lock)
        {
            foreach (LoopbackDomain domain in _host.Domains)
            {
                if (domain.Holdings.Pirqs.TryGetValue(gsi, out MappedPirq? pirq) && pirq is { Kind: LoopbackPirqKind.Line, IsMapped: true })
                {
                    pirq.IsPending = pirq.Handler is null;
                    if (pirq.Handler is { } handler && domain.Holdings.Lines.Contains(gsi))
                    {
                        handlers.Add(handler);
                    }
                }
            }
        }

        foreach (Action handler in handlers)
        {
            handler();
        }

        return handlers.Count;
    }

    /// <summary>What EVTCHNOP_bind_pirq does for a guest.</summary>
    internal IDisposable Bind(LoopbackDomain domain, int number, Action handler)
    {
        MappedPirq pirq;
        bool pending;
        lock (_lock)
        {
            domain.ThrowIfDead();
            if (!domain.Holdings.Pirqs.TryGetValue(number, out MappedPirq? found) || !found.IsMapped
                || (found.Kind == LoopbackPirqKind.Line && !domain.Holdings.Lines.Contains(found.Source)))
            {
                throw new HypervisorException(Errno.EPERM, $"domain {domain.DomainId} may not bind pirq {number}");
            }

            if (found.Handler is not null)
            {
                throw new HypervisorException(Errno.EEXIST, $"domain {domain.DomainId} has bound pirq {number} already");
            }

            pirq = found;
            pirq.Handler = handler;
            pending = pirq.IsPending;
            pirq.IsPending = false;
        }

        if (pending)
        {
            handler();
        }

        return new Binding(this, domain, pirq);
    }

    /// <summary>A domain ends: its pirqs first, then its functions (pci_release_devices), then what it was allowed.</summary>
    internal void Release(LoopbackDomain domain)
    {
        lock (_lock)
        {
            DomainHoldings holdings = domain.Holdings;
            foreach (MappedPirq pirq in holdings.Pirqs.Values)
            {
                Forget(pirq);
            }

            holdings.Pirqs.Clear();
            foreach (PciAddress function in new List<PciAddress>(_owners.Keys))
            {
                if (_owners[function] == domain.DomainId)
                {
                    GiveBack(function);
                }
            }

            holdings.Memory.Remove(0, ulong.MaxValue);
            holdings.Ports.Remove(0, ulong.MaxValue);
            holdings.Lines.Clear();
        }
    }

    private static bool AnyMapped(DomainHoldings holdings)
    {
        foreach (MappedPirq pirq in holdings.Pirqs.Values)
        {
            if (pirq.IsMapped)
            {
                return true;
            }
        }

        return false;
    }

    private DomainHoldings? HoldingsOf(int domainId) => _host.FindDomain(domainId)?.Holdings;

    private bool Knows(PciAddress function) => Platform.KnownFunctions?.Contains(function) ?? true;

    private LoopbackFunctionTraits TraitsOf(PciAddress function) => _traits.GetValueOrDefault(function) ?? new LoopbackFunctionTraits();

    /// <summary>A function leaves the domain that has it. Under the lock.</summary>
    private void GiveBack(PciAddress function)
    {
        bool quarantine = _owners[function] != DomainInfo.Quarantine && (Platform.QuarantinesAlways || _quarantined.Contains(function));
        if (quarantine)
        {
            _owners[function] = DomainInfo.Quarantine;
        }
        else
        {
            _owners.Remove(function);
            _quarantined.Remove(function);
        }
    }

    /// <summary>A pirq no longer comes from anywhere. Under the lock.</summary>
    private void Forget(MappedPirq pirq)
    {
        pirq.IsMapped = false;
        pirq.IsPending = false;
        if (pirq.Function is { } function && _messages.TryGetValue(function, out List<MappedPirq>? mapped) && mapped.Remove(pirq) && mapped.Count == 0)
        {
            _messages.Remove(function);
        }
    }

    /// <summary>Tells the observer, then fails where a test wants it. Without the lock.</summary>
    private void Begin(LoopbackRequest request)
    {
        Observer?.Invoke(request);
        lock (_lock)
        {
            Errno errno = Errno.None;
            for (int i = _faults.Count - 1; i >= 0; i--)
            {
                (LoopbackCall call, int skip, Errno chosen) = _faults[i];
                if (call != request.Call)
                {
                    continue;
                }

                if (skip > 0)
                {
                    _faults[i] = (call, skip - 1, chosen);
                }
                else
                {
                    _faults.RemoveAt(i);
                    errno = chosen;
                }
            }

            if (errno != Errno.None)
            {
                throw new HypervisorException(errno, $"{request.Call} fails as told");
            }
        }
    }

    private sealed class Binding(LoopbackPassthrough owner, LoopbackDomain domain, MappedPirq pirq) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) != 0)
            {
                return;
            }

            lock (owner._lock)
            {
                pirq.Handler = null;
                if (!pirq.IsMapped && domain.Holdings.Pirqs.GetValueOrDefault(pirq.Number) == pirq)
                {
                    domain.Holdings.Pirqs.Remove(pirq.Number);
                }
            }
        }
    }
}
