using System.Globalization;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Grants;
using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// One domain's PCI frontend: its page, its port and its side of the xenstore handshake. The handshake may be driven by one thread and
/// the request path (<see cref="Frontend"/>) by another, but only one after the other.
/// </summary>
public sealed class SimulatedGuest : IDisposable
{
    private const int Initialising = 1;
    private const int InitWait = 2;
    private const int Initialised = 3;
    private const int Connected = 4;
    private const int Closing = 5;
    private const int Closed = 6;
    private const int Reconfiguring = 7;

    private readonly LoopbackHypervisor _hypervisor;
    private readonly IEventChannels _channels;
    private readonly FrontendTiming _timing;
    private readonly IXenStore _store;
    private readonly string _path;
    private readonly string _backend;
    private readonly object _changed = new();
    private GrantedPage? _grant;
    private IDisposable? _watch;
    private int _backendState = -1;

    /// <summary>Opens the guest's side. Its directories exist already: the toolstack made them.</summary>
    /// <param name="hypervisor">The guest's own view.</param>
    /// <param name="channels">The guest's descriptor.</param>
    /// <param name="kind">Whose frontend.</param>
    /// <param name="timing">Linux' patience; the others have no limit.</param>
    /// <exception cref="HypervisorException">The domain is gone.</exception>
    public SimulatedGuest(LoopbackHypervisor hypervisor, IEventChannels channels, FrontendKind kind, FrontendTiming timing)
    {
        _hypervisor = hypervisor;
        _channels = channels;
        _timing = timing;
        Kind = kind;
        DomainId = hypervisor.DomainId;
        _path = StoreKeys.FrontendOf(GuestId.Of(DomainId));
        _store = hypervisor.OpenXenStore();
        _backend = _store.Read(StoreKeys.In(_path, StoreKeys.Backend)) ?? StoreKeys.BackendOf(GuestId.Of(DomainId));
        State = Initialising;
    }

    /// <summary>The domain.</summary>
    public int DomainId { get; }

    /// <summary>Whose frontend.</summary>
    public FrontendKind Kind { get; }

    /// <summary>The frontend's own state as last written, 1 to 8.</summary>
    public int State { get; private set; }

    /// <summary>The request path; exists from <see cref="Publish"/> on, and anew after each.</summary>
    public SimulatedFrontend? Frontend { get; private set; }

    /// <summary>Functions as published, read when connecting.</summary>
    public IReadOnlyList<PublishedFunction> Functions { get; private set; } = [];

    /// <summary>Root buses as published, <c>dddd:bb</c>, read when connecting; mini-os doesn't look.</summary>
    public IReadOnlyList<string> Roots { get; private set; } = [];

    /// <summary>Allocates page and port, publishes them in one transaction, then writes state 3.</summary>
    /// <exception cref="HypervisorException">The domain is gone, or has no free port.</exception>
    public unsafe void Publish()
    {
        ReleaseChannel();
        _grant = _hypervisor.Grant(0);
        int port = _channels.AllocateUnbound(0);
        var page = new RequestPage(_grant.Address);
        Frontend = Kind switch
        {
            FrontendKind.NetBsd => new NetBsdFrontend(page, _channels, port),
            FrontendKind.MiniOs => new MiniOsFrontend(page, _channels, port),
            _ => new LinuxFrontend(page, _channels, port, _timing),
        };

        var keys = FrontendKeys.Of(_grant.Reference, port);
        _store.Run(access => keys.Write(access, _path));
        SwitchTo(Initialised);
        _watch ??= _store.Watch(StoreKeys.StateOf(_backend), _ => ReadBackendState());
    }

    /// <summary>Waits for the backend's 4, reads what it published, and writes state 4.</summary>
    /// <param name="timeout">How long to wait.</param>
    /// <returns>False when the backend did not connect in time, or closed; its error node says why.</returns>
    public bool TryConnect(TimeSpan timeout)
    {
        if (!WaitForBackend(state => state is Connected or Closing or Closed, timeout)
            || FrontendHandshake.React(Kind, State, Volatile.Read(ref _backendState)) != FrontendReaction.Connect)
        {
            return false;
        }

        Functions = ReadFunctions();
        Roots = Kind == FrontendKind.MiniOs ? [] : ReadRoots();
        SwitchTo(Connected);
        return true;
    }

    /// <summary>What the backend wrote into its error node for this guest.</summary>
    /// <returns>The text, or null.</returns>
    public string? BackendError()
    {
        using IXenStore store = _hypervisor.Host.BackendView.OpenXenStore();
        return new DirectoryReader(store, GuestId.Of(DomainId)).ReadError();
    }

    /// <summary>
    /// Closes as this frontend does: Linux and NetBSD write 6; mini-os walks 5, 6 and 1, waiting for the backend at each step, so that
    /// <see cref="Publish"/> can follow.
    /// </summary>
    /// <param name="timeout">How long to wait for each step of the backend.</param>
    /// <returns>False when the backend did not follow in time.</returns>
    public bool TryClose(TimeSpan timeout)
    {
        if (Kind != FrontendKind.MiniOs)
        {
            SwitchTo(Closed);
            return WaitForBackend(state => state is Closed or 0, timeout);
        }

        SwitchTo(Closing);
        if (!WaitForBackend(state => state >= Closing, timeout))
        {
            return false;
        }

        SwitchTo(Closed);
        if (!WaitForBackend(state => state >= Closed, timeout))
        {
            return false;
        }

        SwitchTo(Initialising);
        return WaitForBackend(state => state is >= InitWait and < Closed, timeout);
    }

    /// <summary>Takes hot-plugged functions over (Linux): 7 after the backend's 7, 4 after its 8.</summary>
    /// <param name="timeout">How long to wait for each step.</param>
    /// <returns>False when the backend did not follow in time.</returns>
    public bool TryReconfigure(TimeSpan timeout)
    {
        if (!WaitForBackend(state => FrontendHandshake.React(Kind, State, state) == FrontendReaction.Reconfigure, timeout))
        {
            return false;
        }

        SwitchTo(Reconfiguring);
        if (!WaitForBackend(state => FrontendHandshake.React(Kind, State, state) == FrontendReaction.Connect, timeout))
        {
            return false;
        }

        Functions = ReadFunctions();
        Roots = ReadRoots();
        SwitchTo(Connected);
        return true;
    }

    /// <summary>Waits until the backend's state satisfies a condition.</summary>
    /// <param name="condition">The condition; 0 is an absent node.</param>
    /// <param name="timeout">How long.</param>
    /// <returns>Whether it came true.</returns>
    public bool WaitForBackend(Func<int, bool> condition, TimeSpan timeout)
    {
        _watch ??= _store.Watch(StoreKeys.StateOf(_backend), _ => ReadBackendState());
        long end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        lock (_changed)
        {
            while (_backendState < 0 || !condition(_backendState))
            {
                long left = end - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(_changed, (int)Math.Min(left, int.MaxValue)))
                {
                    return _backendState >= 0 && condition(_backendState);
                }
            }
        }

        return true;
    }

    /// <summary>Makes a waiting thread look at its condition again, because something that it depends on besides the backend has changed.</summary>
    public void Recheck()
    {
        lock (_changed)
        {
            Monitor.PulseAll(_changed);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch?.Dispose();
        _watch = null;
        ReleaseChannel();
        _store.Dispose();
    }

    private void SwitchTo(int state)
    {
        _store.Write(StoreKeys.StateOf(_path), state.ToString(CultureInfo.InvariantCulture));
        State = state;
    }

    private void ReadBackendState()
    {
        int state;
        try
        {
            state = int.TryParse(_store.Read(StoreKeys.StateOf(_backend)), NumberStyles.None, CultureInfo.InvariantCulture, out int read) ? read : 0;
        }
        catch (HypervisorException)
        {
            // The directory was removed, and with it this guest's permission to read there.
            state = 0;
        }

        lock (_changed)
        {
            _backendState = state;
            Monitor.PulseAll(_changed);
        }
    }

    private List<PublishedFunction> ReadFunctions()
    {
        int count = int.Parse(_store.Read(StoreKeys.In(_backend, StoreKeys.DeviceCount)) ?? "0", CultureInfo.InvariantCulture);
        var functions = new List<PublishedFunction>(count);
        for (int n = 0; n < count; n++)
        {
            if (_store.Read(StoreKeys.In(_backend, StoreKeys.Device(n))) is { } host
                && _store.Read(StoreKeys.In(_backend, StoreKeys.GuestAddress(n))) is { } guest)
            {
                functions.Add(new PublishedFunction(Scan(host), Scan(guest)));
            }
        }

        return functions;
    }

    private List<string> ReadRoots()
    {
        int count = int.Parse(_store.Read(StoreKeys.In(_backend, StoreKeys.RootCount)) ?? "0", CultureInfo.InvariantCulture);
        var roots = new List<string>(count);
        for (int k = 0; k < count; k++)
        {
            roots.Add(_store.Read(StoreKeys.In(_backend, StoreKeys.Root(k))) ?? string.Empty);
        }

        return roots;
    }

    // As frontends do: four hexadecimal numbers, "%x:%x:%x.%x". The backend prints the function with two digits.
    private static PciAddress Scan(string text)
    {
        string[] parts = text.Split(':', '.');
        return new PciAddress(Hex(parts[0]), (byte)Hex(parts[1]), (byte)Hex(parts[2]), (byte)Hex(parts[3]));
    }

    private static uint Hex(string text) => uint.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private void ReleaseChannel()
    {
        if (Frontend is { } frontend)
        {
            _channels.Unbind(frontend.Port);
            frontend.Page.Dispose();
            Frontend = null;
        }

        _grant?.Dispose();
        _grant = null;
    }
}
