using System.Diagnostics;
using System.Globalization;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Backend.Tests.Interrupts;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>A machine in memory whose daemon is killed and started again under its guests. What outlives it lies in a folder, as it does on a host.</summary>
internal sealed class RestartBench : IDisposable
{
    /// <summary>A card with MSI and MSI-X.</summary>
    public static readonly PciAddress Nic = OwnedFunction.Address;

    /// <summary>A card without messages.</summary>
    public static readonly PciAddress Sound = new(0, 4, 0, 0);

    private readonly TemporaryFolder _folder = new();
    private readonly SmallCustody _custody;
    private readonly ErrorTiming _errorTiming;
    private readonly List<(MortalPlatform Process, BackendHost Backend)> _dead = [];
    private string _run;
    private int _deaths;

    /// <param name="moment">The moment at which the first daemon is killed by itself.</param>
    /// <param name="errorTiming">How long recoveries take at most.</param>
    /// <param name="policies">What daemons are configured with.</param>
    /// <param name="around">What daemons see of a device; null: the device.</param>
    public RestartBench(
        int moment = 0, ErrorTiming? errorTiming = null, PolicySources? policies = null, Func<EmulatedFunction, IPciFunction>? around = null)
    {
        Policies = policies ?? new();
        _errorTiming = errorTiming ?? new();
        _run = _folder["run"];
        NicHardware = OwnedFunction.Builder().Build(Nic);
        SoundHardware = new EmulatedFunctionBuilder(0x8086, 0x2668).Set(0x0A, 2, 0x0403).BaseAddress(0, 0xFEB2_0000, 0x4000).Build(Sound);
        _custody = new([NicHardware, SoundHardware], static _ => { }, around);
        Host.Passthrough.Describe(
            Nic, new() { MsixEntries = OwnedFunction.TableSize, MsiVectors = OwnedFunction.MsiVectors, DecodesMemory = static () => true });
        Store = Host.BackendView.OpenXenStore();
        using IPhysdev physdev = Host.BackendView.OpenPhysdev();
        physdev.PrepareMsix(Nic);
        (Backend, Process) = Start(moment);
    }

    public LoopbackHost Host { get; } = new();

    public EmulatedFunction NicHardware { get; }

    public EmulatedFunction SoundHardware { get; }

    /// <summary>The toolstack's pen.</summary>
    public IXenStore Store { get; }

    /// <summary>The daemon that runs now.</summary>
    public MortalPlatform Process { get; private set; }

    public BackendHost Backend { get; private set; }

    /// <summary>What the daemon that runs now said.</summary>
    public CapturedLines Lines { get; private set; } = new();

    public PolicySources Policies { get; set; }

    /// <summary>How the next daemon places devices.</summary>
    public SlotMode Slots { get; set; }

    /// <summary>Errors of the host's devices, whichever daemon listens.</summary>
    public EmulatedErrorSource Errors { get; } = new();

    /// <summary>Where the registers of guests and what is known of them lie.</summary>
    public string Left => Path.Combine(_run, "guests");

    public IReadOnlyList<LoopbackPirq> Pirqs(int domain) => Host.Passthrough.PirqsOf(domain);

    public string? Key(int domain, string key) => Store.Read($"{Bench.BackendPath(domain)}/{key}");

    public int State(int domain) => int.Parse(Key(domain, "state") ?? "0", CultureInfo.InvariantCulture);

    public GuestSnapshot? Snapshot(int domain) => Backend.Guests.FirstOrDefault(guest => guest.DomainId == domain);

    /// <summary>A domain with its directories and devices, as xl writes them.</summary>
    public void Create(int domain, Guid? handle = null, params PciAddress[] devices)
    {
        Host.CreateDomain(domain, handle);
        using (IDomainControl xl = Host.BackendView.OpenDomainControl())
        {
            Array.ForEach(devices, device => xl.Assign(domain, device, relaxed: false));
        }

        WriteDirectories(domain, devices);
    }

    public void WriteDirectories(int domain, params PciAddress[] devices) => Store.Run(store =>
    {
        DirectoryWriter writer = new(store, GuestId.Of(domain));
        writer.Create();
        for (int i = 0; i < devices.Length; i++)
        {
            writer.AddDevice(i, new(devices[i], "permissive=0"));
        }
    });

    /// <summary>A guest with these devices, connected.</summary>
    public SmallFrontend Connect(int domain, params PciAddress[] devices)
    {
        Create(domain, handle: null, devices);
        SmallFrontend frontend = new(Host, domain);
        AwaitState(domain, 3);
        frontend.Publish();
        AwaitState(domain, 4);
        frontend.Write("state", "4");
        return frontend;
    }

    /// <summary>xl's transaction for one more device, or for one less.</summary>
    public void AddDevice(int domain, int index, PciAddress device)
    {
        using IDomainControl xl = Host.BackendView.OpenDomainControl();
        xl.Assign(domain, device, relaxed: false);
        Store.Run(store =>
        {
            DirectoryWriter writer = new(store, GuestId.Of(domain));
            writer.AddDevice(index, new(device, "permissive=0"));
            writer.WriteState(XenbusState.Reconfiguring);
        });
    }

    public void AskForDevice(int domain, int index) => Store.Run(store =>
    {
        DirectoryWriter writer = new(store, GuestId.Of(domain));
        writer.WriteDeviceState(index, XenbusState.Closing);
        writer.WriteState(XenbusState.Reconfiguring);
    });

    public void RemoveDevice(int domain, PciAddress device) => Store.Run(store => new DirectoryWriter(store, GuestId.Of(domain)).RemoveDevices([device]));

    /// <summary>The host has a device no more.</summary>
    public void Forget(PciAddress device) => _custody.Forget(device);

    /// <summary>The daemon is killed; nobody follows it yet.</summary>
    public void Kill()
    {
        Process.Kill();
        _dead.Add((Process, Backend));
    }

    /// <summary>A daemon follows the one that is dead, or ended.</summary>
    public void StartNext()
    {
        _custody.Restart();
        Lines = new();
        (Backend, Process) = Start(moment: 0);
    }

    /// <summary>A daemon follows the one that was killed by itself.</summary>
    public void StartAfterDeath()
    {
        _dead.Add((Process, Backend));
        StartNext();
    }

    public void KillAndStartNext()
    {
        Kill();
        StartNext();
    }

    public void StopAndStartNext()
    {
        Backend.Dispose();
        StartNext();
    }

    /// <summary>Leaves a mark in a register that memory answers: a sizing that is under way.</summary>
    public static void Mark(SmallFrontend frontend) => Assert.Equal(PciOpStatus.Success, frontend.Write(0, ConfigRegisters.BaseAddress0, 4, uint.MaxValue));

    /// <summary>Whether the mark is there: the register answers its size, and otherwise its address.</summary>
    public static bool IsMarked(SmallFrontend frontend) => frontend.Read(0, ConfigRegisters.BaseAddress0, 4).Value switch
    {
        0xFFFF_C000 => true,
        0xFB00_0000 => false,
        uint other => throw new InvalidOperationException($"{other:x8}"),
    };

    public void AwaitServed(int domain) => Bench.Eventually(() => Snapshot(domain)?.Shard is not null, $"domain {domain} is served");

    public void AwaitState(int domain, int state) =>
        Bench.Eventually(() => State(domain) == state, $"domain {domain} in backend state {state}, is {State(domain)}");

    public void Dispose()
    {
        if (Process.IsDead)
        {
            _dead.Add((Process, Backend));
        }
        else
        {
            Backend.Dispose();
        }

        foreach ((_, BackendHost dead) in _dead.Where(static dead => !dead.Process.HasStoppedThread))
        {
            try
            {
                dead.Dispose();
            }
            catch (Exception e) when (e is Plans.KilledException or AggregateException or ObjectDisposedException)
            {
                // It is.
            }
        }

        Store.Dispose();
        _custody.Dispose();
        _folder.Dispose();
        Assert.True(Process.IsDead || !Lines.Errors.Any(), string.Join("\n", Lines.Errors));
    }

    private (BackendHost Backend, MortalPlatform Process) Start(int moment)
    {
        MortalPlatform process = new(Host.BackendView, moment);
        BackendHost backend = new(new()
        {
            Hypervisor = process,
            FunctionSource = _custody,
            Devices = new() { Custody = _custody, JournalDirectory = _run },
            Policies = Policies,
            Slots = Slots,
            Errors = Errors,
            ErrorTiming = _errorTiming,
            Shards = 1,
            SpinMicroseconds = 0,
            Logger = Lines,
        });
        process.OnDeath = KeepFiles;
        try
        {
            backend.Start();
        }
        catch (Plans.KilledException) when (process.IsDead)
        {
        }

        return (backend, process);
    }

    // What lies in the folder at the moment of death is its successor's; what threads of the dead still write is nobody's.
    private void KeepFiles()
    {
        string next = _folder[$"run{++_deaths}"];

        // By another program: the journal is locked.
        using (var copy = System.Diagnostics.Process.Start("cp", ["-a", _run, next]))
        {
            copy.WaitForExit();
        }

        _run = next;
    }
}
