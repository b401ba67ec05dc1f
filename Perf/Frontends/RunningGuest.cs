using System.Diagnostics;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// A Linux guest that goes on living: it waits for a PCI bus, connects, scans what it finds, takes hot-plugged functions over, lets go of those that are
/// taken, and starts anew after that. One thread of its own, which sleeps between the events of xenstore.
/// </summary>
public sealed class RunningGuest : IDisposable
{
    // No frontend waits for longer; what takes longer has gone wrong on the other side, and is looked at again.
    private static readonly TimeSpan StepPatience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Forever = TimeSpan.FromDays(24);

    private readonly LoopbackHost _host;
    private readonly LoopbackHypervisor _view;
    private readonly Thread _thread;
    private readonly object _changed = new();
    private SimulatedGuest? _life;
    private IEventChannels? _channels;
    private volatile bool _isStopping;
    private volatile IReadOnlyList<uint> _ids = [];

    /// <summary>Creates the domain and lets it run.</summary>
    /// <param name="host">The host.</param>
    /// <param name="domainId">Its id.</param>
    /// <param name="name">Its name, as toolstacks know it.</param>
    /// <exception cref="HypervisorException">EEXIST: the domain exists.</exception>
    public RunningGuest(LoopbackHost host, int domainId, string name)
    {
        _host = host;
        DomainId = domainId;
        host.CreateDomain(domainId);
        _view = host.ViewOf(domainId);
        using (IXenStore store = host.BackendView.OpenXenStore())
        {
            store.Write(StoreKeys.NameOf(domainId), name);
        }

        _thread = new Thread(Run) { IsBackground = true, Name = $"guest {name}" };
        _thread.Start();
    }

    /// <summary>The domain.</summary>
    public int DomainId { get; }

    /// <summary>Vendor and device id (<c>device &lt;&lt; 16 | vendor</c>) of every function that it found in its last scan.</summary>
    public IReadOnlyList<uint> Ids => _ids;

    /// <summary>Ends the guest as a crash does.</summary>
    public void Dispose()
    {
        lock (_changed)
        {
            _isStopping = true;
            Monitor.PulseAll(_changed);
            _life?.Recheck();
            _channels?.Wake();
        }

        _thread.Join();
        _host.DestroyDomain(DomainId);
    }

    private void Run()
    {
        string state = StoreKeys.StateOf(StoreKeys.FrontendOf(GuestId.Of(DomainId)));
        using IXenStore store = _view.OpenXenStore();
        using IDisposable watch = store.Watch(state, _ =>
        {
            lock (_changed)
            {
                Monitor.PulseAll(_changed);
            }
        });
        while (WaitForBus(store, state))
        {
            try
            {
                Live();
            }
            catch (HypervisorException)
            {
                // The toolstack took the bus away in the middle of a step: as on a real machine the guest waits for the next one.
            }

            _ids = [];
        }
    }

    /// <summary>Waits for a bus in its first state.</summary>
    /// <returns>False when the guest ends.</returns>
    private bool WaitForBus(IXenStore store, string state)
    {
        lock (_changed)
        {
            while (!_isStopping && !IsFirstState(store, state))
            {
                Monitor.Wait(_changed);
            }

            return !_isStopping;
        }
    }

    private static bool IsFirstState(IXenStore store, string state)
    {
        try
        {
            return StoreFormats.ParseState(store.Read(state)) == XenbusState.Initialising;
        }
        catch (HypervisorException)
        {
            // Not this guest's to read yet: the toolstack has not set the directory's permissions.
            return false;
        }
    }

    private void Live()
    {
        using IEventChannels channels = _view.OpenEventChannels();
        using SimulatedGuest guest = new(_view, channels, FrontendKind.Linux, FrontendTiming.Linux);
        lock (_changed)
        {
            _life = guest;
            _channels = channels;
        }

        try
        {
            guest.Publish();
            while (Next(guest) is { } reaction)
            {
                switch (reaction)
                {
                    case FrontendReaction.Connect when guest.TryConnect(StepPatience):
                    case FrontendReaction.Reconfigure when guest.TryReconfigure(StepPatience):
                        _ids = Scan(guest, channels);
                        break;
                    case FrontendReaction.Close:
                        guest.TryClose(StepPatience);
                        return;
                }
            }
        }
        finally
        {
            lock (_changed)
            {
                _life = null;
                _channels = null;
            }
        }
    }

    /// <summary>Waits for something to do.</summary>
    /// <returns>Null when the bus is gone or the guest ends.</returns>
    private FrontendReaction? Next(SimulatedGuest guest)
    {
        FrontendReaction? reaction = null;
        guest.WaitForBackend(
            state =>
            {
                FrontendReaction now = FrontendHandshake.React(guest.Kind, guest.State, state);
                reaction = _isStopping || state == 0 ? null : now;
                return reaction != FrontendReaction.None;
            },
            Forever);
        return reaction;
    }

    /// <summary>Reads the first registers of each function, as a kernel does that looks for drivers.</summary>
    private List<uint> Scan(SimulatedGuest guest, IEventChannels channels)
    {
        List<uint> ids = [];
        foreach (PublishedFunction function in guest.Functions)
        {
            FrontendAnswer answer = Ask(guest.Frontend!, channels, FrontendRequest.Read(function.Guest.Devfn, 0, 4));
            if (answer.Status != 0)
            {
                // Also when it ends: then nobody may be there any more to answer.
                continue;
            }

            ids.Add(answer.Value);
            for (int offset = 4; offset < 0x40; offset += 4)
            {
                Ask(guest.Frontend!, channels, FrontendRequest.Read(function.Guest.Devfn, offset, 4));
            }

            EnableErrorReporting(guest.Frontend!, channels, function.Guest.Devfn);
        }

        return ids;
    }

    /// <summary>
    /// What drivers did until Linux 6.5 (pci_enable_pcie_error_reporting), in vain: by default the reporting of errors is the host's. So there is something
    /// that a policy could allow.
    /// </summary>
    private void EnableErrorReporting(SimulatedFrontend frontend, IEventChannels channels, uint devfn)
    {
        const int PciExpress = 0x10;
        const int DeviceControl = 8;
        const uint ErrorReporting = 0xF;
        const int MostCapabilities = 48;
        int at = (int)Ask(frontend, channels, FrontendRequest.Read(devfn, 0x34, 1)).Value & 0xFC;
        for (int i = 0; i < MostCapabilities && at >= 0x40; i++)
        {
            uint header = Ask(frontend, channels, FrontendRequest.Read(devfn, at, 2)).Value;
            if ((header & 0xFF) == PciExpress)
            {
                uint control = Ask(frontend, channels, FrontendRequest.Read(devfn, at + DeviceControl, 2)).Value;
                Ask(frontend, channels, FrontendRequest.Write(devfn, at + DeviceControl, 2, control | ErrorReporting));
                return;
            }

            at = (int)(header >> 8) & 0xFC;
        }
    }

    private FrontendAnswer Ask(SimulatedFrontend frontend, IEventChannels channels, FrontendRequest request)
    {
        const int PollMilliseconds = 3000;
        Span<int> ports = stackalloc int[4];
        if (_isStopping)
        {
            return new(Status: -1, Value: uint.MaxValue, Info: 0);
        }

        frontend.Post(in request, Stopwatch.GetTimestamp());
        while (true)
        {
            int delivered = channels.Read(ports, PollMilliseconds);
            channels.Unmask(ports[..delivered]);
            if (frontend.Look(Stopwatch.GetTimestamp(), delivered > 0) != FrontendOutcome.Waiting || _isStopping)
            {
                return frontend.Answer;
            }
        }
    }
}
