using System.Globalization;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;

namespace PciBackFlow.Simulation;

/// <summary>One history: a host, its devices, its guests, whoever attaches and detaches, and one daemon after another. This part: the steps.</summary>
internal sealed partial class History : IDisposable
{
    private const int MostGuests = 3;
    private const int LastActions = 50;

    private readonly SeededRandom _random;
    private readonly Kernel _kernel;
    private readonly LoopbackHost _host = new();
    private readonly HostDevices _devices;
    private readonly EmulatedErrorSource _errors = new();
    private readonly RunFolder _folder = new();
    private readonly IXenStore _store;
    private readonly IDomainControl _xl;
    private readonly SortedDictionary<int, SimulatedGuest> _guests = [];
    private readonly List<Operation> _operations = [];
    private readonly Queue<string> _last = new();
    private readonly HistoryOptions _options;
    private readonly Weather _weather;
    private Daemon _daemon;
    private ulong _digest = 14_695_981_039_346_656_037;

    public History(long seed, HistoryOptions options)
    {
        (Seed, _options) = (seed, options);
        _random = new(seed);
        _weather = options.Weather ?? Weather.Of(_random);
        _kernel = new(_random);
        _devices = new(_host);
        _store = _host.BackendView.OpenXenStore();
        _xl = _host.BackendView.OpenDomainControl();
        _host.Passthrough.Observer = Observe;
        _daemon = NewDaemon();
        _daemon.Start();
    }

    public long Seed { get; }

    public long Steps { get; private set; }

    /// <summary>What happened, in one number.</summary>
    public ulong Digest => _digest;

    public IEnumerable<string> Last => _last;

    public int Kills { get; private set; }

    /// <summary>Attaches that succeeded.</summary>
    public int Attaches { get; private set; }

    /// <summary>Guests that behave and have devices, and were connected in the end.</summary>
    public int Attached { get; private set; }

    /// <summary>Goes so many steps, and then sees whether all is as it should be.</summary>
    public void Run(int steps)
    {
        while (Steps < steps)
        {
            Step();
        }

        Settle();
        CheckSettled();
        string before = Describe();
        Say("the daemon is killed at rest");
        _daemon.Kill();
        Settle();
        CheckSettled();
        Promise(before == Describe(), $"another daemon makes something else of it:\n{before}\n{Describe()}");
        End();
        Settle();
        CheckEnded();
    }

    public void Dispose()
    {
        if (_daemon.IsAlive)
        {
            _daemon.Kill();
        }
        else
        {
            _daemon.Bury();
        }

        foreach (SimulatedGuest guest in _guests.Values)
        {
            guest.Dispose();
        }

        _xl.Dispose();
        _store.Dispose();
        _devices.Dispose();
        _folder.Dispose();
    }

    private void Step()
    {
        Steps++;
        Mix((ulong)_kernel.ReadyCount + ((ulong)_kernel.Now << 8));
        int choice = _random.Next(100);
        if (choice >= 40 || !_kernel.RunOne())
        {
            Act(choice);
        }

        CheckStep();
        if (Steps % 4 == 0)
        {
            SayEnded();
        }
    }

    private void Act(int choice)
    {
        switch (choice)
        {
            case < 60:
                _kernel.RunShard(_daemon.Process);
                break;
            case < 85:
                ActGuest();
                break;
            case < 91:
                _kernel.AdvanceToNext(TimeSpan.FromMilliseconds(500));
                break;
            default:
                ActHost();
                break;
        }
    }

    private void ActGuest()
    {
        SimulatedGuest[] running = [.. _guests.Values.Where(static guest => guest.IsRunning)];
        if (running.Length > 0)
        {
            SimulatedGuest guest = _random.Pick(running);
            string did = guest.Act();
            if (did is not ("looks" or "keeps silent" or "does not ask"))
            {
                Say($"domain {guest.Domain} {did}");
            }
        }
    }

    private void ActHost()
    {
        if (!_daemon.IsAlive && _random.OneIn(6))
        {
            StartDaemon();
            return;
        }

        switch (_random.Next(100))
        {
            case < 16:
                CreateGuest();
                break;
            case < 18:
                EndGuest();
                break;
            case < 50:
                Attach();
                break;
            case < 62:
                Detach();
                break;
            case < 66 when _random.Next(10) < _weather.Errors:
                RaiseError();
                break;
            case < 72 when _daemon.IsAlive && _random.Next(10) < _weather.Deaths:
                EndDaemon();
                break;
            case < 74:
                Cancel();
                break;
            case < 78:
                XlAttach();
                break;
            case < 82:
                XlDetach();
                break;
            default:
                _kernel.Advance(TimeSpan.FromMilliseconds(_random.Next(3000)));
                break;
        }
    }

    private void CreateGuest()
    {
        int domain = 1 + _random.Next(MostGuests);
        if (_guests.ContainsKey(domain))
        {
            return;
        }

        Manner manner = _random.Next(10) >= _weather.Bad ? Manner.Good : _random.OneIn(3) ? Manner.Silent : Manner.Hostile;
        CreateGuest(domain, manner, Handle());
    }

    private void CreateGuest(int domain, Manner manner, Guid handle)
    {
        try
        {
            _host.CreateDomain(domain, handle);
        }
        catch (HypervisorException)
        {
            return;
        }

        _store.Write(StoreKeys.NameOf(domain), $"guest{domain}");
        MakeFrontendPlace(domain);
        _guests[domain] = new(_host, domain, manner, _random);
        Say($"domain {domain} is created, {manner}");
    }

    // As xl: another domain of the same UUID.
    private void Reboot(SimulatedGuest guest)
    {
        Guid handle = _host.Domains.First(one => one.DomainId == guest.Domain).Handle;
        int[] free = [.. Enumerable.Range(1, MostGuests + 1).Where(id => !_guests.ContainsKey(id))];
        Destroy(guest);
        CreateGuest(_random.Pick(free), guest.Manner, handle);
    }

    // As libxl does: the guest may write below its own device directory.
    private void MakeFrontendPlace(int domain)
    {
        string place = $"{StoreKeys.HomeOf(domain)}/device";
        _store.MakeDirectory(place);
        _store.SetPermissions(place, [new(domain, XenStoreAccess.None)]);
    }

    private Guid Handle()
    {
        byte[] bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, _random.NextBits());
        BitConverter.TryWriteBytes(bytes.AsSpan(8), _random.NextBits());
        return new(bytes);
    }

    private void EndGuest()
    {
        if (_guests.Count == 0)
        {
            return;
        }

        SimulatedGuest guest = _random.Pick([.. _guests.Values]);
        switch (_random.Next(5))
        {
            case 4 when guest.IsRunning:
                Reboot(guest);
                break;
            case 0 when guest.IsRunning:
                guest.IsRunning = false;
                _host.ShutDown(guest.Domain);
                Say($"domain {guest.Domain} halts");
                break;
            case 1 when guest.IsRunning:
                guest.IsRunning = false;
                _host.BeginDestroy(guest.Domain);
                Say($"domain {guest.Domain} is a zombie");
                break;
            default:
                Destroy(guest);
                break;
        }
    }

    private void Destroy(SimulatedGuest guest)
    {
        _host.DestroyDomain(guest.Domain);
        _guests.Remove(guest.Domain);
        Array.ForEach([.. _xlDevices.Where(one => one.Value == guest)], one => _xlDevices.Remove(one.Key));
        guest.Dispose();
        Say($"domain {guest.Domain} is destroyed");
        if (!_random.OneIn(3))
        {
            // xl cleans up; a crash of its own is the other case.
            _store.Run(access => new DirectoryWriter(access, GuestId.Of(guest.Domain)).Destroy());
        }
    }

    private void RaiseError()
    {
        PciAddress device = _random.Pick(_devices.All);
        var severity = (ErrorSeverity)_random.Next(3);
        int owner = _host.Passthrough.OwnerOf(device);
        if (severity != ErrorSeverity.Correctable && _guests.TryGetValue(owner, out SimulatedGuest? guest))
        {
            guest.IsExcused = true;
        }

        Say($"{device} has a {severity} error");
        if (_daemon.IsAlive)
        {
            _kernel.RunAs(_daemon.Process, () => _errors.Raise(new(device, severity)));
        }
    }

    private void EndDaemon()
    {
        Kills++;
        switch (_random.Next(3))
        {
            case 0:
                Say("the daemon is killed");
                _daemon.Kill();
                break;
            case 1:
                int moment = 1 + _random.Next(60);
                Say($"the daemon is to be killed at moment {moment}");
                _daemon.Platform.KillAt(moment);
                break;
            default:
                Say("the daemon stops");
                _daemon.Stop();
                break;
        }
    }

    private void StartDaemon()
    {
        _operations.RemoveAll(static operation => !operation.Daemon.IsAlive);
        _daemon.Bury();
        CheckDaemon();
        Say("a daemon starts");
        _daemon = NewDaemon();
        if (_random.Next(30) < _weather.Deaths)
        {
            _daemon.Platform.KillAt(1 + _random.Next(60));
        }

        _daemon.Start();
    }

    private Daemon NewDaemon()
    {
        Daemon daemon = new(_kernel, _host.BackendView, _devices, _errors, _folder, Note, _options.Around);
        daemon.Lines.Logged = line => Say($"    {_folder.Unnamed(WithoutStack(line))}");
        return daemon;
    }

    // Which methods a stack shows changes when the runtime compiles them again.
    private static string WithoutStack(string line) => string.Join(
        '\n', line.Split('\n').Where(static part => !part.TrimStart().StartsWith("at ", StringComparison.Ordinal)));

    private void Say(string what)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{Steps,7} {_kernel.Now / 1_000_000,9} ms  {what}");
        foreach (char letter in what)
        {
            Mix(letter);
        }

        _options.Trace?.Invoke(line);
        _last.Enqueue(line);
        if (_last.Count > LastActions)
        {
            _last.Dequeue();
        }
    }

    private void SayEnded()
    {
        for (int i = 0; i < _operations.Count; i++)
        {
            Operation operation = _operations[i];
            if (operation.Task.IsCompleted && !operation.IsSaid)
            {
                operation.IsSaid = true;
                Attaches += operation is { What: "attach", Task.IsCompletedSuccessfully: true } ? 1 : 0;
                string? failure = operation.Task.IsCanceled ? "given up" : operation.Task.Exception?.InnerException?.Message;
                Say($"{operation.What} {operation.Device} of domain {operation.Domain}: {failure ?? "done"}");
            }
        }
    }

    private void Mix(ulong value) => _digest = (_digest ^ value) * 1_099_511_628_211;
}
