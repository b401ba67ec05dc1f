using System.Globalization;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// A guest's two directories as libxl writes them (tools/libs/light/libxl_pci.c): permissions before keys, one transaction for each step,
/// higher numbers move down when a device goes. The frontend's is the guest's: nothing but its state is read there.
/// </summary>
/// <param name="Exists">Whether there is a backend directory with devices in it.</param>
/// <param name="Backend">The backend's state.</param>
/// <param name="Frontend">The frontend's state.</param>
/// <param name="IsOnline">False: the toolstack wants it gone.</param>
/// <param name="Devices">Its devices by N.</param>
internal sealed record GuestDirectory(bool Exists, XenbusState Backend, XenbusState Frontend, bool IsOnline, IReadOnlyList<DeviceKeys> Devices)
{
    // All keys of one device. error-N is this backend's own; the others are libxl's.
    private static readonly string[] DeviceKeyNames = ["state", "key", "dev", "vdev", "opts", "vdevfn", "name", "error"];

    public static string BackendPath(int domainId) => new GuestId(domainId, 0).Backend;

    public static string FrontendPath(int domainId) => string.Create(CultureInfo.InvariantCulture, $"/local/domain/{domainId}/device/pci/0");

    /// <summary>What is watched to follow a guest.</summary>
    public static string[] WatchedPaths(int domainId) => [BackendPath(domainId), $"{FrontendPath(domainId)}/state", "@releaseDomain"];

    /// <summary>The two states.</summary>
    public GuestStates States => new(Backend, Frontend);

    /// <summary>Whether the frontend is connected and no change is under way.</summary>
    public bool IsConnected => States.AreConnected;

    /// <summary>Whether the frontend has never been connected: nobody in the guest uses a device.</summary>
    public bool IsBeforeConnection => Backend is XenbusState.Initialising or XenbusState.InitWait or XenbusState.Initialised;

    /// <summary>Whether the frontend has closed, or has no directory.</summary>
    public bool HasFrontendClosed => States.HasFrontendClosed;

    public DeviceKeys? Find(PciAddress host)
    {
        foreach (DeviceKeys device in Devices)
        {
            if (device.Host == host)
            {
                return device;
            }
        }

        return null;
    }

    /// <summary>
    /// Reads both directories: the backend's as it is at one moment, and the frontend's state a little later. Not in the same transaction,
    /// because a guest that writes its state without pause would make every one of them end in a conflict.
    /// </summary>
    public static GuestDirectory Read(IXenStore store, int domainId) =>
        store.Run(access => ReadBackend(access, domainId)) with { Frontend = ReadFrontend(store, domainId) };

    /// <summary>Reads the two states alone: what is asked over and over while a guest makes up its mind.</summary>
    public static GuestStates ReadStates(IXenStoreAccess store, int domainId) =>
        new(StoreFormats.ParseState(store.Read($"{BackendPath(domainId)}/state")), ReadFrontend(store, domainId));

    /// <summary>Reads both directories within a transaction; the guest can make it end in a conflict.</summary>
    public static GuestDirectory ReadWithin(IXenStoreAccess store, int domainId) =>
        ReadBackend(store, domainId) with { Frontend = ReadFrontend(store, domainId) };

    /// <summary>Reads the backend's directory alone, which the guest cannot write.</summary>
    public static GuestDirectory ReadBackend(IXenStoreAccess store, int domainId)
    {
        string backend = BackendPath(domainId);
        XenbusState state = StoreFormats.ParseState(store.Read($"{backend}/state"));
        string? count = store.Read($"{backend}/num_devs");
        var devices = new DeviceKeys[StoreFormats.TryParseDecimal(count, out uint number) ? Math.Min(number, GuestNode.MaxDevices) : 0];
        for (int n = 0; n < devices.Length; n++)
        {
            devices[n] = new(
                n,
                StoreFormats.TryParseAddress(store.Read($"{backend}/dev-{n}"), out PciAddress host) ? host : null,
                StoreFormats.ParseState(store.Read($"{backend}/state-{n}")),
                StoreFormats.TryParseAddress(store.Read($"{backend}/vdev-{n}"), out PciAddress guest) ? guest : null,
                store.Read($"{backend}/error-{n}"));
        }

        return new(count is not null, state, XenbusState.Unknown, store.Read($"{backend}/online") == "1", devices);
    }

    /// <summary>Creates both directories, empty of devices. What lay there is a former life's.</summary>
    public static void Create(IXenStoreAccess store, int domainId)
    {
        string backend = BackendPath(domainId);
        string frontend = FrontendPath(domainId);
        Clear(store, backend, [new(0, XenStoreAccess.None), new(domainId, XenStoreAccess.Read)]);
        store.Write($"{backend}/frontend", frontend);
        store.Write($"{backend}/frontend-id", Number(domainId));
        store.Write($"{backend}/online", "1");
        store.Write($"{backend}/state", StoreFormats.FormatState(XenbusState.Initialising));
        store.Write($"{backend}/domain", store.Read(string.Create(CultureInfo.InvariantCulture, $"/local/domain/{domainId}/name")) ?? Number(domainId));

        Clear(store, frontend, [new(domainId, XenStoreAccess.None), new(0, XenStoreAccess.Read)]);
        store.Write($"{frontend}/backend", backend);
        store.Write($"{frontend}/backend-id", "0");
        store.Write($"{frontend}/state", StoreFormats.FormatState(XenbusState.Initialising));
    }

    /// <summary>Adds a device behind the others.</summary>
    public static void Add(IXenStoreAccess store, int domainId, int index, NewDevice device)
    {
        string backend = BackendPath(domainId);
        string host = device.Host.ToString();
        store.Write($"{backend}/key-{index}", host);
        store.Write($"{backend}/dev-{index}", host);
        if (device.RequestedDevfn != 0)
        {
            store.Write($"{backend}/vdevfn-{index}", device.RequestedDevfn.ToString("x", CultureInfo.InvariantCulture));
        }

        if (device.Name is not null)
        {
            store.Write($"{backend}/name-{index}", device.Name);
        }

        store.Write($"{backend}/opts-{index}", device.Options);
        store.Write($"{backend}/state-{index}", StoreFormats.FormatState(XenbusState.Initialising));
        store.Write($"{backend}/num_devs", Number(index + 1));
    }

    /// <summary>Writes the backend's state as the toolstack may: 5 or 7.</summary>
    public static void WriteState(IXenStoreAccess store, int domainId, XenbusState state) =>
        store.Write($"{BackendPath(domainId)}/state", StoreFormats.FormatState(state));

    /// <summary>Writes one device's state.</summary>
    public static void WriteDeviceState(IXenStoreAccess store, int domainId, int index, XenbusState state) =>
        store.Write($"{BackendPath(domainId)}/state-{index}", StoreFormats.FormatState(state));

    /// <summary>Removes devices and moves those behind them down.</summary>
    /// <param name="store">A transaction.</param>
    /// <param name="domainId">The guest.</param>
    /// <param name="hosts">Which; those that aren't there are ignored.</param>
    /// <returns>How many are left, or -1 when there was no directory.</returns>
    public static int Remove(IXenStoreAccess store, int domainId, IReadOnlyCollection<PciAddress> hosts)
    {
        GuestDirectory directory = ReadBackend(store, domainId);
        if (!directory.Exists)
        {
            return -1;
        }

        string backend = BackendPath(domainId);
        int left = 0;
        foreach (DeviceKeys device in directory.Devices)
        {
            bool goes = device.Host is { } host && hosts.Contains(host);
            foreach (string key in DeviceKeyNames)
            {
                string from = $"{backend}/{key}-{device.Index}";
                if (!goes && left == device.Index)
                {
                    break;
                }

                if (!goes && store.Read(from) is { } value)
                {
                    store.Write($"{backend}/{key}-{left}", value);
                }

                store.Remove(from);
            }

            if (!goes)
            {
                left++;
            }
        }

        if (left != directory.Devices.Count)
        {
            store.Write($"{backend}/num_devs", Number(left));
        }

        return left;
    }

    /// <summary>Removes both directories, and what they alone lay in.</summary>
    public static void Destroy(IXenStoreAccess store, int domainId)
    {
        RemoveWithEmptyParent(store, BackendPath(domainId));
        RemoveWithEmptyParent(store, FrontendPath(domainId));
    }

    private static XenbusState ReadFrontend(IXenStoreAccess store, int domainId) =>
        StoreFormats.ParseState(store.Read($"{FrontendPath(domainId)}/state"));

    private static void RemoveWithEmptyParent(IXenStoreAccess store, string path)
    {
        if (store.Directory(path) is null)
        {
            return;
        }

        store.Remove(path);
        string parent = path[..path.LastIndexOf('/')];
        if (store.Directory(parent) is not { Count: 0 })
        {
            return;
        }

        try
        {
            store.Remove(parent);
        }
        catch (HypervisorException e) when (e.Errno == Errno.EINVAL)
        {
            // xenstored (seen with 4.17) says so when another transaction has just changed what the directory lies in. An empty one harms nobody.
        }
    }

    private static void Clear(IXenStoreAccess store, string path, XenStorePermission[] permissions)
    {
        if (store.Directory(path) is not null)
        {
            store.Remove(path);
        }

        store.MakeDirectory(path);
        store.SetPermissions(path, permissions);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
