using System.Collections.Concurrent;
using System.Diagnostics;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Attaching.Toolstack;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Tests.Grants;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>A loopback machine with held devices, the real backend, and the toolstack's half on it.</summary>
internal sealed class ToolstackBench : IAsyncDisposable
{
    /// <summary>A 64-bit BAR far above 4 GiB, ports, a ROM, line 20.</summary>
    public static readonly PciAddress Nic = new(0, 3, 0, 0);

    /// <summary>A small BAR, line 20 too.</summary>
    public static readonly PciAddress Sound = new(0, 4, 0, 0);

    /// <summary>Two functions of one slot, without lines.</summary>
    public static readonly PciAddress Disk0 = new(0, 5, 0, 0);

    public static readonly PciAddress Disk1 = new(0, 5, 0, 1);

    /// <summary>A bridge: the backend refuses it.</summary>
    public static readonly PciAddress Bridge = new(0, 6, 0, 0);

    public const ulong NicMemory = 0x38_0000_0000_0000;

    private readonly TemporaryFolder _folder = new();
    private readonly IHypervisor _platform;
    private readonly List<LinuxGuest> _guests = [];
    private PciToolstack _toolstack;
    private GrantJournal _journal;

    public ToolstackBench(
        LoopbackPlatform? platform = null, ToolstackTiming? timing = null, Func<IHypervisor, IHypervisor>? around = null, bool start = true)
    {
        Host = new(platform);
        _platform = around is null ? Host.BackendView : around(Host.BackendView);
        Custody = new(
            [
                new EmulatedFunctionBuilder(0x8086, 0x10D3).Set(0x0B, 1, 2).BaseAddress(0, NicMemory, 0x4000_0000, 0xC).BaseAddress(2, 0xC000, 0x20, 1)
                    .BaseAddress(6, 0xFEB0_0000, 0x1_0000).Build(Nic),
                new EmulatedFunctionBuilder(0x8086, 0x2668).Set(0x0B, 1, 4).BaseAddress(0, 0xFEB2_0000, 0x4000).Build(Sound),
                new EmulatedFunctionBuilder(0x1B36, 0x0010).Set(0x0B, 1, 1).Set(0x0E, 1, 0x80).BaseAddress(0, 0xFEB3_0000, 0x4000).Build(Disk0),
                new EmulatedFunctionBuilder(0x1B36, 0x0010).Set(0x0B, 1, 1).Set(0x0E, 1, 0x80).BaseAddress(0, 0xFEB4_0000, 0x4000).Build(Disk1),
                new EmulatedFunctionBuilder(0x8086, 0x244E).Set(0x0B, 1, 6).Set(0x0A, 1, 4).Set(0x0E, 1, 1).Build(Bridge),
            ],
            Order.Enqueue);
        Custody.Lines[Nic] = 20;
        Custody.Lines[Sound] = 20;
        Host.Passthrough.Observer = request => Order.Enqueue($"{request.Call} {(request.Allow ? "+" : "-")}{request.Number:x}");
        Timing = timing ?? new() { LetGo = TimeSpan.FromSeconds(20), TakeUp = TimeSpan.FromSeconds(20), FirstConnect = TimeSpan.FromSeconds(20) };
        Store = Host.BackendView.OpenXenStore();
        Backend = new(new() { Hypervisor = _platform, FunctionSource = Custody, Shards = 1, Logger = Lines });
        Backend.Start();
        (_toolstack, _journal) = Create(kill: null);
        if (start)
        {
            _toolstack.Start();
        }
    }

    public LoopbackHost Host { get; }

    public SmallCustody Custody { get; }

    public BackendHost Backend { get; }

    public IXenStore Store { get; }

    /// <summary>What the policy says of ROMs.</summary>
    public Func<PciAddress, bool> HasRom { get; set; } = static _ => true;

    public ToolstackTiming Timing { get; }

    public CapturedLines Lines { get; } = new();

    /// <summary>What was done to devices and grants, in order.</summary>
    public ConcurrentQueue<string> Order { get; } = new();

    public PciToolstack Toolstack => _toolstack;

    /// <summary>What guests have, by the journal.</summary>
    public IReadOnlyList<JournalEntry> Journal => [.. _journal.Entries().Where(static entry => entry.Grant.Kind != GrantKind.Reached)];

    /// <summary>What guests had and may have mapped still, by the journal: the guest's id and the device.</summary>
    public IReadOnlyList<(int Domain, PciAddress Device)> Reached =>
        [.. _journal.Lives().SelectMany(_journal.ReachedOf).Select(static entry => (entry.Life.DomainId, entry.Device)).Distinct()];

    public LinuxGuest Guest(int domain, Guid? handle = null)
    {
        Create(domain, handle);
        return Boot(domain);
    }

    /// <summary>A guest that has been given these devices.</summary>
    public async Task<LinuxGuest> GuestWith(int domain, params string[] specs)
    {
        LinuxGuest guest = Guest(domain);
        foreach (string spec in specs)
        {
            await Attach(domain, spec);
        }

        return guest;
    }

    public LoopbackDomain Create(int domain, Guid? handle = null)
    {
        LoopbackDomain created = Host.CreateDomain(domain, handle);
        Store.Write(StoreKeys.NameOf(domain), $"guest{domain}");
        return created;
    }

    public LinuxGuest Boot(int domain)
    {
        LinuxGuest guest = new(Host, domain);
        _guests.Add(guest);
        return guest;
    }

    public LoopbackPassthrough Granted => Host.Passthrough;

    /// <summary>Attaches; the first of what the guest has of it then.</summary>
    public async Task<AttachedDevice> Attach(
        int domain, string spec, bool wait = true, bool keep = false, bool force = false, CancellationToken cancellation = default) =>
        (await AttachAll(domain, spec, wait, keep, force, cancellation))[0];

    public Task<IReadOnlyList<AttachedDevice>> AttachAll(
        int domain, string spec, bool wait = true, bool keep = false, bool force = false, CancellationToken cancellation = default) =>
        _toolstack.AttachAsync(new(domain, PciSpec.Parse(spec), wait, keep, force), cancellation);

    public Task Detach(int domain, string spec, bool force = false, CancellationToken cancellation = default) =>
        _toolstack.DetachAsync(domain, PciSpec.Parse(spec), force, cancellation);

    public string? Key(int domain, string key) => Store.Read(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(domain)), key));

    public string Shown(int domain) =>
        string.Join(" | ", _toolstack.List(domain).Select(
            device => $"{device.Host} {device.Guest?.ToString() ?? "-"} {AssignmentReport.Of(device).State}{(device.IsOurs ? "" : " (xl)")}"));

    /// <summary>The daemon is replaced by one that finds the journal it left.</summary>
    public async Task RestartAsync()
    {
        Stop();
        _journal.Dispose();
        (_toolstack, _journal) = Create(kill: null);
        await _toolstack.RecoverAsync();
        _toolstack.Start();
    }

    /// <summary>Waits until the daemon was killed, or has done what it had to without coming to that step.</summary>
    /// <returns>Whether it was killed.</returns>
    public static async Task<bool> IsKilledAsync(StepKill kill, Func<bool> isDone)
    {
        await EventuallyAsync(() => kill.IsDead || (!kill.IsReached && isDone()), "killed or done");
        return kill.IsDead;
    }

    /// <summary>Replaces the toolstack by one that dies at a step.</summary>
    public void Doom(StepKill kill)
    {
        Stop();
        _journal.Dispose();
        kill.OnDeath = () => _journal.Dispose();
        (_toolstack, _journal) = Create(kill);
    }

    /// <summary>xl gives a connected guest, which has one device, another one.</summary>
    public async Task AttachByXl(int domain, PciAddress device)
    {
        using (IDomainControl xl = Host.BackendView.OpenDomainControl())
        {
            xl.Assign(domain, device, relaxed: false);
        }

        foreach ((string key, string value) in new[]
        {
            ("key-1", $"{device}"), ("dev-1", $"{device}"), ("opts-1", "permissive=0"), ("state-1", "1"), ("num_devs", "2"), ("state", "7"),
        })
        {
            Store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(domain)), key), value);
        }

        await EventuallyAsync(() => Key(domain, "vdev-1") is not null && Key(domain, "state") == "4", "connected again");
    }

    /// <summary>Nothing of a device is anywhere: Xen, xenstore, custody, journal.</summary>
    public void AssertNothingLeft(params int[] domains)
    {
        foreach (int domain in domains)
        {
            Assert.False(Granted.HasAnything(domain), $"domain {domain} still has something");
            Assert.Null(Store.Directory(StoreKeys.In(StoreKeys.Guests, $"{domain}")));
            Assert.Null(Store.Read(StoreKeys.StateOf(StoreKeys.FrontendOf(GuestId.Of(domain)))));
        }

        Assert.Empty(Journal);
        foreach (HeldDevice held in Custody.Held())
        {
            Assert.Null(held.OwnerDomain);
            Assert.Null(Store.Read(StoreKeys.OwnerOf(held.Address)));
        }
    }

    public static async Task EventuallyAsync(Func<bool> holds, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20), $"not within 20 s: {what}");
            await Task.Delay(2);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Custody.Reset?.Set();
        Stop();
        _journal.Dispose();
        Backend.Dispose();
        foreach (LinuxGuest guest in _guests)
        {
            guest.Dispose();
        }

        Store.Dispose();
        Custody.Dispose();
        _folder.Dispose();
        await Task.CompletedTask;
    }

    private void Stop()
    {
        try
        {
            _toolstack.Dispose();
        }
        catch (Exception end) when (end is KilledException or AggregateException { InnerException: KilledException })
        {
            // It was looking at its domains when it was killed, or is dead since and could not let go of what it kept paused.
        }
    }

    private (PciToolstack Toolstack, GrantJournal Journal) Create(StepKill? kill)
    {
        var journal = GrantJournal.Open(_folder["run"], "this boot", Lines);
        IDomainControl domains = _platform.OpenDomainControl();
        IPhysdev physdev = _platform.OpenPhysdev();
        IXenStore store = _platform.OpenXenStore();
        DomainEvents events = new(store);
        events.Start();
        return (new(new()
        {
            Store = kill is null ? store : new KillSwitch.Store(kill, store),
            DomainEvents = events,
            Domains = kill is null ? domains : new KillSwitch.Domains(kill, domains),
            Physdev = kill is null ? physdev : new KillSwitch.Physdev(kill, physdev),
            Custody = Custody,
            HasRom = device => HasRom(device),
            Journal = journal,
            Timing = Timing,
            Logger = Lines,
            Observer = kill,
        }), journal);
    }
}
