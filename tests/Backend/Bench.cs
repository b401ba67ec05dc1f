using System.Diagnostics;
using System.Globalization;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Tests.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Tests;

/// <summary>A loopback host, a backend on it, and the toolstack's pen in domain 0.</summary>
internal sealed class Bench : IDisposable
{
    public static readonly PciAddress HostA = new(0, 3, 0, 0);
    public static readonly PciAddress HostB = new(0, 4, 0, 0);
    public static readonly PciAddress HostC = new(0, 5, 0, 1);

    public static readonly PciAddress HostWaking = new(0, 7, 0, 0);

    /// <summary>A function with MSI-X at 0x40.</summary>
    public static readonly PciAddress HostMessages = new(0, 8, 0, 0);

    private readonly ExclusiveFunctions _functions;

    public Bench(
        SlotMode slots = SlotMode.Vpci, bool start = true, PipelineTopology topology = PipelineTopology.Fused, Func<IHypervisor, IHypervisor>? around = null,
        Func<BackendOptions, BackendOptions>? options = null)
    {
        Platform = new(around is null ? Host.BackendView : around(Host.BackendView));
        Store = Host.BackendView.OpenXenStore();
        _functions = new([Device(HostA), Device(HostB), Device(HostC), Bridge(new(0, 6, 0, 0)), Waking, Device(HostMessages, messages: true)]);
        BackendOptions standard = new()
        {
            Hypervisor = Platform,
            FunctionSource = _functions,
            Shards = 2,
            Slots = slots,
            Topology = topology,
            Logger = Lines,
        };
        Backend = new(options?.Invoke(standard) ?? standard);
        if (start)
        {
            Backend.Start();
        }
    }

    public LoopbackHost Host { get; } = new();

    public LiveMappings Platform { get; }

    public IXenStore Store { get; }

    /// <summary>A function whose wake-up event the host left on (PME_En, at 0x44).</summary>
    public EmulatedFunction Waking { get; } = Device(HostWaking, powerManagement: true);

    public CapturedLines Lines { get; } = new();

    public BackendHost Backend { get; }

    public static uint IdOf(PciAddress address) => 0x10000000u | ((uint)address.Bus << 16) | 0x8086;

    public static string BackendPath(int domain) => StoreKeys.BackendOf(GuestId.Of(domain));

    public static string FrontendPath(int domain) => StoreKeys.FrontendOf(GuestId.Of(domain));

    public string? Read(int domain, string key) => Store.Read($"{BackendPath(domain)}/{key}");

    public int State(int domain) => int.Parse(Read(domain, "state") ?? "0", CultureInfo.InvariantCulture);

    public string? Error(int domain) => Store.Read(StoreKeys.ErrorOf(GuestId.Of(domain)));

    public GuestSnapshot? Snapshot(int domain) => Backend.Guests.FirstOrDefault(guest => guest.DomainId == domain);

    /// <summary>Creates a domain with its directories and devices in one transaction.</summary>
    public void Create(int domain, params PciAddress[] devices)
    {
        if (Host.Domains.All(known => known.DomainId != domain))
        {
            Host.CreateDomain(domain);
        }

        WriteDirectories(domain, "1", devices);
    }

    /// <summary>Creates a domain with these devices whose frontend has been connected to.</summary>
    public SmallFrontend Connect(int domain, params PciAddress[] devices)
    {
        SmallFrontend frontend = Offer(domain, devices);
        frontend.Write("state", "3");
        AwaitState(domain, 4);
        return frontend;
    }

    /// <summary>Creates a domain with these devices whose frontend has written its keys, but not yet that they are there.</summary>
    public SmallFrontend Offer(int domain, params PciAddress[] devices)
    {
        Create(domain, devices);
        SmallFrontend frontend = new(this, domain);
        AwaitState(domain, 3);
        frontend.Publish(state: null);
        return frontend;
    }

    public void WriteDirectories(int domain, string state, params PciAddress[] devices) => Commit(store =>
    {
        string frontend = FrontendPath(domain);
        string backend = BackendPath(domain);
        store.MakeDirectory(frontend);
        store.SetPermissions(frontend, [new(domain, XenStoreAccess.None), new(0, XenStoreAccess.Read)]);
        store.MakeDirectory(backend);
        store.SetPermissions(backend, [new(0, XenStoreAccess.None), new(domain, XenStoreAccess.Read)]);
        store.Write(StoreKeys.In(frontend, StoreKeys.Backend), backend);
        store.Write(StoreKeys.StateOf(frontend), "1");
        store.Write(StoreKeys.In(backend, StoreKeys.Frontend), frontend);
        store.Write(StoreKeys.In(backend, StoreKeys.FrontendId), $"{domain}");
        store.Write(StoreKeys.In(backend, StoreKeys.Online), "1");
        for (int i = 0; i < devices.Length; i++)
        {
            WriteDevice(store, domain, i, devices[i]);
        }

        store.Write(StoreKeys.StateOf(backend), state);
    });

    public static void WriteDevice(IXenStoreAccess store, int domain, int number, PciAddress device)
    {
        string backend = BackendPath(domain);
        store.Write(StoreKeys.In(backend, StoreKeys.Device(number)), device.ToString());
        store.Write(StoreKeys.In(backend, StoreKeys.DeviceState(number)), "1");
        store.Write(StoreKeys.In(backend, StoreKeys.DeviceCount), $"{number + 1}");
    }

    public void Commit(Action<IXenStoreAccess> change) => Store.Run(change);

    public static void Eventually(Func<bool> holds, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20), $"not within 20 s: {what}");
            Thread.Sleep(1);
        }
    }

    public void AwaitState(int domain, int state) =>
        Eventually(() => State(domain) == state, $"domain {domain} in backend state {state}, is {State(domain)}: {Error(domain)}");

    public void Dispose()
    {
        Backend.Dispose();
        Store.Dispose();
        _functions.Dispose();
        Assert.Equal(0, Platform.Count);
        Assert.True(!Lines.Errors.Any(), string.Join("\n", Lines.Errors));
    }

    private static EmulatedFunction Device(PciAddress address, bool powerManagement = false, bool messages = false)
    {
        byte[] bytes = new byte[256];
        BitConverter.TryWriteBytes(bytes.AsSpan(0), IdOf(address));
        bytes[0x0B] = 2;
        if (powerManagement)
        {
            bytes[0x06] = 0x10;
            bytes[0x34] = 0x40;
            new byte[] { 0x01, 0x00, 0x03, 0xF8, 0x08, 0x01 }.CopyTo(bytes, 0x40);
        }

        if (messages)
        {
            bytes[0x06] = 0x10;
            bytes[0x34] = 0x40;
            new byte[] { 0x11, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08 }.CopyTo(bytes, 0x40);
        }

        return new(address, $"test {address}", bytes);
    }

    private static EmulatedFunction Bridge(PciAddress address)
    {
        byte[] bytes = new byte[256];
        BitConverter.TryWriteBytes(bytes.AsSpan(0), IdOf(address));
        bytes[0x0B] = 6;
        bytes[0x0A] = 4;
        bytes[0x0E] = 1;
        return new(address, $"test {address}", bytes);
    }
}
