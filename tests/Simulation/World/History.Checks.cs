using System.Globalization;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Tests.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Simulation;

/// <summary>This part: what must hold.</summary>
internal sealed partial class History
{
    // More than anything of the product waits: a recovery's minutes, the toolstack's patience.
    private static readonly TimeSpan LongestSettling = TimeSpan.FromMinutes(15);

    // What a handful of guests can have pending: a pass each, a watch each, requests.
    private const int MostReady = 500;

    private readonly HashSet<PciAddress> _unclean = [];

    private void Observe(LoopbackRequest request)
    {
        Mix((ulong)request.Call * 31 + (ulong)request.DomainId + request.Number + (request.Allow ? 1u : 0u));
        if (request is { Call: LoopbackCall.Assign, Function: { } device } && request.DomainId != DomainInfo.Quarantine)
        {
            if (_kernel.Running != _kernel.World && _unclean.Contains(device))
            {
                throw new BrokenPromiseException($"{device} goes to domain {request.DomainId} without a reset since its last guest");
            }

            _unclean.Add(device);
        }
    }

    private void Note(string what)
    {
        string[] words = what.Split(' ');
        if (words[0] is "ready" or "release" or "quiet")
        {
            _unclean.Remove(PciAddress.Parse(words[1]));
        }
    }

    private void CheckStep()
    {
        if (Steps % 8 != 0)
        {
            return;
        }

        CheckDaemon();
        Promise(_kernel.ReadyCount < MostReady, $"{_kernel.ReadyCount} wait for their turn");
        if (!_daemon.IsAlive)
        {
            return;
        }

        Dictionary<PciAddress, int> seen = [];
        foreach (GuestSnapshot guest in _daemon.Backend.Guests)
        {
            foreach (FunctionSnapshot function in guest.Functions)
            {
                Promise(seen.TryAdd(function.Host, guest.DomainId), $"{function.Host} is exposed to domains {guest.DomainId} and {seen[function.Host]}");
            }
        }
    }

    // Whoever is not dead failed: somebody's exception that nobody saw, or an error in its log.
    private void CheckDaemon()
    {
        if (_daemon.Process.Failures is [{ } failure, ..])
        {
            throw new BrokenPromiseException($"nobody saw: {failure}");
        }

        if (_kernel.World.Failures is [{ } other, ..])
        {
            throw new BrokenPromiseException($"nobody saw: {other}");
        }

        // Said of a bad guest that keeps what an interrupted detach was to take: no defect, though it stands there as one.
        if (_daemon.IsAlive
            && _daemon.Lines.Errors.FirstOrDefault(static line => !line.Contains("could not be taken back", StringComparison.Ordinal)) is { } line)
        {
            throw new BrokenPromiseException($"the daemon's log has an error: {line}");
        }
    }

    /// <summary>Nobody does anything new; guests that behave do what their backend asks, and all that was begun ends.</summary>
    private void Settle()
    {
        Say("everything settles");
        if (_daemon.IsAlive)
        {
            _daemon.Platform.KillAt(int.MaxValue);
        }

        long until = _kernel.Now + (long)LongestSettling.TotalMilliseconds * 1_000_000;
        while (_kernel.Now < until)
        {
            if (!_daemon.IsAlive)
            {
                StartDaemonForGood();
            }

            for (int turns = 0; _kernel.RunOne(); turns++)
            {
                Promise(turns < 100_000, "something goes round in circles");
                Count();
            }

            bool hasActed = false;
            foreach (SimulatedGuest guest in _guests.Values)
            {
                hasActed |= guest is { IsRunning: true, Manner: Manner.Good } && Serve(guest);
            }

            _kernel.RunShard(_daemon.Process);
            _kernel.RunShard(_daemon.Process);
            Count();
            if (!hasActed && _kernel.ReadyCount == 0)
            {
                _kernel.AdvanceToNext(TimeSpan.FromSeconds(5));
            }
        }

        CheckDaemon();
    }

    private void Count()
    {
        Steps++;
        Mix((ulong)_kernel.ReadyCount + ((ulong)_kernel.Now << 8));
    }

    // Whether it did anything: it looks, and takes what it was answered.
    private bool Serve(SimulatedGuest guest)
    {
        try
        {
            string did = guest.Finish();
            if (did == "looks")
            {
                return false;
            }

            Say($"domain {guest.Domain} {did}");
            return true;
        }
        catch (HypervisorException)
        {
            return false;
        }
    }

    private void StartDaemonForGood()
    {
        _operations.RemoveAll(static operation => !operation.Daemon.IsAlive);
        _daemon.Bury();
        Say("a daemon starts for good");
        _daemon = NewDaemon();
        _daemon.Start();
    }

    private void CheckSettled()
    {
        SayEnded();
        foreach (Operation operation in _operations.Where(static one => one.Daemon.IsAlive))
        {
            Promise(operation.Task.IsCompleted, $"{operation.What} {operation.Device} of domain {operation.Domain} never ends");
            if (operation.Task is { IsFaulted: true, Exception.InnerException: not BackendException and { } defect })
            {
                throw new BrokenPromiseException($"{operation.What} {operation.Device} of domain {operation.Domain} ended in a defect: {defect}");
            }
        }

        foreach (SimulatedGuest guest in _guests.Values)
        {
            CheckSettled(guest);
        }
    }

    private void CheckSettled(SimulatedGuest guest)
    {
        IReadOnlyList<AttachedDevice> devices = List(guest.Domain);
        GrantJournal journal = _daemon.Backend.Journal!;
        LoopbackPassthrough xen = _host.Passthrough;

        // By us or by xl: what it may reach is somebody's doing.
        PciAddress[] ours = [.. journal.Entries().Where(entry => entry.Life.DomainId == guest.Domain && entry.Grant.Kind == GrantKind.Assignment)
            .Select(static entry => entry.Device)];
        foreach (LoopbackRange range in xen.MemoryOf(guest.Domain))
        {
            Promise(
                ours.Any(device => _devices.Covers(device, range)),
                $"domain {guest.Domain} may map {range}, and the journal has no device for it; it has {string.Join(", ", ours)}");
        }

        foreach (PciAddress device in xen.FunctionsOf(guest.Domain))
        {
            Promise(
                ours.Contains(device) || _xlDevices.GetValueOrDefault(device) == guest,
                $"{device} is assigned to domain {guest.Domain} by nobody");
        }

        foreach (LoopbackPirq pirq in xen.PirqsOf(guest.Domain))
        {
            Promise(
                pirq.Function is not { } function || IsClaimed(guest.Domain, function),
                $"domain {guest.Domain} has pirq {pirq.Number} of {pirq.Function}, which it does not have");
        }

        foreach (PciAddress device in ours)
        {
            Promise(
                xen.OwnerOf(device) == guest.Domain,
                $"by the journal {device} is assigned to domain {guest.Domain}, in Xen to {xen.OwnerOf(device)}");
        }

        Promise(!_host.Domains.First(one => one.DomainId == guest.Domain).IsPaused, $"domain {guest.Domain} is paused");
        if (guest.Manner != Manner.Good || !guest.IsRunning || guest.IsExcused)
        {
            return;
        }

        foreach (AttachedDevice device in devices)
        {
            Promise(
                device.State == AttachmentState.Connected,
                $"domain {guest.Domain} behaves, states {guest.States}, and its {device.Host} is {device.State}: {device.Failure}");
        }

        if (devices.Count > 0)
        {
            Promise(guest.IsConnected, $"domain {guest.Domain} behaves and has devices, and its states are {guest.States}");
            Attached++;
            CheckAnswers(guest);
        }
    }

    private void CheckAnswers(SimulatedGuest guest)
    {
        GuestSnapshot served = _daemon.Backend.Guests.First(one => one.DomainId == guest.Domain);
        FunctionSnapshot function = served.Functions[0];
        guest.Ask(PciOpCode.ConfigRead, (function.Guest.Slot << 3) | function.Guest.Function, 0, 0);
        PciOpRequest? answer = null;
        for (int i = 0; i < 20 && answer is null; i++)
        {
            _kernel.RunShard(_daemon.Process);
            while (_kernel.RunOne())
            {
                Count();
            }

            answer = guest.Collect();
        }

        Promise(answer is not null, $"domain {guest.Domain} is not answered");
        uint id = _devices.IdOf(function.Host);
        Promise(answer!.Value.Value == id, $"domain {guest.Domain} is answered {answer.Value.Error} {answer.Value.Value:x}, not {id:x}, for {function.Host}");
    }

    private bool IsClaimed(int domain, PciAddress device) =>
        _daemon.Backend.Guests.Any(guest => guest.DomainId == domain && guest.Functions.Any(function => function.Host == device));

    // What one sees of the machine at rest. What a bad guest has written since it connected, another daemon finds.
    private string Describe() => string.Join('\n', _guests.Values.Where(static guest => guest is { Manner: Manner.Good, IsRunning: true }).Select(guest =>
        $"domain {guest.Domain}, states {guest.States}: "
        + string.Join(", ", List(guest.Domain).Select(static device => $"{device.Host} {device.Guest} {device.State} {device.IsOurs}"))
        + $"; Xen: {string.Join(", ", _host.Passthrough.FunctionsOf(guest.Domain))}; pirqs {_host.Passthrough.PirqsOf(guest.Domain).Count}"));

    private IReadOnlyList<AttachedDevice> List(int domain)
    {
        IReadOnlyList<AttachedDevice> devices = [];
        _kernel.RunAs(_daemon.Process, () => devices = _daemon.Toolstack!.List(domain));
        return devices;
    }

    private void End()
    {
        foreach (SimulatedGuest guest in _guests.Values.ToArray())
        {
            _host.DestroyDomain(guest.Domain);
            _guests.Remove(guest.Domain);
            guest.Dispose();
            Say($"domain {guest.Domain} is destroyed at the end");
        }
    }

    /// <summary>No guest is left, and everything has come to rest: nothing may be left of any.</summary>
    private void CheckEnded()
    {
        GrantJournal journal = _daemon.Backend.Journal!;
        foreach (PciAddress device in _devices.All)
        {
            int owner = _host.Passthrough.OwnerOf(device);
            Promise(owner is 0 or DomainInfo.Quarantine, $"{device} is still domain {owner}'s");
        }

        Promise(_daemon.Platform.Mappings == 0, $"{_daemon.Platform.Mappings} pages are mapped");
        Promise(_daemon.Platform.Ports == 0, $"{_daemon.Platform.Ports} ports are bound");
        Promise(_daemon.Backend.Guests.Count == 0, $"guests are left: {string.Join(", ", _daemon.Backend.Guests.Select(static one => one.DomainId))}");
        JournalEntry[] open = [.. journal.Entries().Where(static entry => entry.Grant.Kind != GrantKind.Kept)];
        Promise(open.Length == 0, $"the journal has open entries: {string.Join("; ", open.Select(static entry => entry.ToString()))}");
        foreach (PciBackFlow.Backend.Devices.Holding.HeldDevice held in _daemon.Custody.Held())
        {
            Promise(held.OwnerDomain is null, $"{held.Address} is claimed for domain {held.OwnerDomain}");
            Promise(!_daemon.Custody.IsKept(held.Address), $"{held.Address} is pinned");
        }

        Promise(journal.Count == open.Length + journal.Wishes().Count, "the journal counts what it has not");
    }

    private static void Promise(bool holds, string what)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(what);
        }
    }
}
