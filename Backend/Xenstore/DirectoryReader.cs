using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>Reads a guest's two directories. Texts are judged here and nowhere else; what xenstore refuses is thrown as it says.</summary>
/// <param name="store">The store, or a transaction: then what is read was true at one moment.</param>
/// <param name="guest">Whose.</param>
public sealed class DirectoryReader(IXenStoreAccess store, GuestId guest)
{
    private readonly string _backend = StoreKeys.BackendOf(guest);

    /// <summary>
    /// Both directories for the toolstack: the backend's as it is at one moment, and the frontend's state a little later. Not in the same transaction,
    /// because a guest that writes its state without pause would make every one of them end in a conflict.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="guest">Whose.</param>
    /// <returns>What they say.</returns>
    /// <exception cref="HypervisorException">xenstore refused; the same for all that follow.</exception>
    public static GuestDirectory Read(IXenStore store, GuestId guest) =>
        store.Run(access => new DirectoryReader(access, guest).ReadBackend(DeviceDetail.Failures)) with
        {
            Frontend = new DirectoryReader(store, guest).ReadFrontendState(),
        };

    /// <summary>The state in one directory, wherever that is.</summary>
    /// <param name="store">The store.</param>
    /// <param name="directory">A backend's or a frontend's.</param>
    /// <returns>The state.</returns>
    public static XenbusState ReadState(IXenStoreAccess store, string directory) => StoreFormats.ParseState(store.Read(StoreKeys.StateOf(directory)));

    /// <summary>Both directories for the toolstack within a transaction; the guest can make it end in a conflict.</summary>
    /// <returns>What they say.</returns>
    public GuestDirectory ReadBoth() => ReadBackend(DeviceDetail.Failures) with { Frontend = ReadFrontendState() };

    /// <summary>Both directories for who serves the guest: the frontend's where the backend's says it is, one key after the other.</summary>
    /// <remarks>
    /// States before devices: each side writes its state with what the state is about, or after it, so the devices are at least as new as the states that
    /// are decided by. The other way round a pass could see the guest's answer to a device that it has not seen.
    /// </remarks>
    /// <returns>What they say. Later readings may differ; whoever acts on it writes under the rules of <see cref="ServedDirectory"/>.</returns>
    public GuestDirectory ReadServed()
    {
        string? path = FrontendLink.Read(store, guest, out string? error);
        XenbusState frontend = path is null ? XenbusState.Unknown : ReadState(path);
        GuestDirectory directory = ReadBackend(DeviceDetail.Wishes);
        return directory.Exists ? directory with { FrontendPath = path, FrontendError = error, Frontend = frontend } : directory;
    }

    /// <summary>The backend's directory alone, which the guest cannot write.</summary>
    /// <param name="detail">What is read of each device.</param>
    /// <returns>What it says; the frontend's part is left out.</returns>
    public GuestDirectory ReadBackend(DeviceDetail detail)
    {
        XenbusState state = ReadBackendState();

        // Before the keys are listed: who adds a device writes its keys and the count at once, so each device that is counted is in the list.
        string? count = Value(StoreKeys.DeviceCount);
        IReadOnlyList<string>? keys = count == "0" ? [] : store.Directory(_backend);
        if (keys is null)
        {
            return GuestDirectory.Missing;
        }

        DeviceKeys[] devices = ReadDevices(count, keys, detail, out string? error);
        return new()
        {
            Exists = true,
            HasDeviceCount = count is not null,
            Devices = devices,
            DevicesError = error,
            Backend = state,
            IsOnline = Value(StoreKeys.Online) == "1",
        };
    }

    /// <summary>The two states alone: what is asked over and over while a guest makes up its mind.</summary>
    /// <returns>The states.</returns>
    public GuestStates ReadStates() => new(ReadBackendState(), ReadFrontendState());

    /// <summary>The backend's state.</summary>
    /// <returns>The state.</returns>
    public XenbusState ReadBackendState() => ReadState(_backend);

    /// <summary>The frontend's state, where toolstacks create its directory.</summary>
    /// <returns>The state.</returns>
    public XenbusState ReadFrontendState() => ReadState(StoreKeys.FrontendOf(guest));

    /// <summary>Whether there is a backend directory.</summary>
    /// <returns>Whether there is one.</returns>
    public bool BackendExists() => store.Directory(_backend) is not null;

    /// <summary>How many devices the toolstack has written.</summary>
    /// <returns>Their number; null when that is missing or not a number.</returns>
    public int? ReadDeviceCount() => StoreFormats.TryParseDecimal(Value(StoreKeys.DeviceCount), out uint count)
        ? (int)Math.Min(count, GuestDirectory.MaxDevices)
        : null;

    /// <summary>Why the backend cannot give the guest a device.</summary>
    /// <param name="index">N of the device.</param>
    /// <returns>Its reason; null when there is none.</returns>
    public string? ReadDeviceReason(int index) => Value(StoreKeys.DeviceReason(index));

    /// <summary>Why the backend cannot serve the guest: number and reason.</summary>
    /// <returns>The text; null when there is none.</returns>
    public string? ReadError() => store.Read(StoreKeys.ErrorOf(guest));

    /// <summary>The mark of a guest with a function that has failed.</summary>
    /// <returns>Its text; null when there is none.</returns>
    public string? ReadFailure() => Value(StoreKeys.Failure);

    private XenbusState ReadState(string directory) => ReadState(store, directory);

    private string? Value(string key) => store.Read(StoreKeys.In(_backend, key));

    private DeviceKeys[] ReadDevices(string? text, IReadOnlyList<string> keys, DeviceDetail detail, out string? error)
    {
        bool isNumber = StoreFormats.TryParseDecimal(text, out uint count);
        error = text is null ? $"{StoreKeys.DeviceCount} is missing"
            : !isNumber ? $"{StoreKeys.DeviceCount} is not a number: '{StoreFormats.Printable(text)}'"
            : count > GuestDirectory.MaxDevices ? $"{StoreKeys.DeviceCount} {count} is more than {GuestDirectory.MaxDevices}"
            : null;

        // Most devices lack some keys, and each request costs a round trip through xenstored.
        HashSet<string> present = [.. keys];
        var devices = new DeviceKeys[isNumber ? Math.Min(count, GuestDirectory.MaxDevices) : 0];
        for (int i = 0; i < devices.Length; i++)
        {
            devices[i] = ReadDevice(i, present, detail);
        }

        return devices;
    }

    private DeviceKeys ReadDevice(int index, HashSet<string> present, DeviceDetail detail)
    {
        string? host = Present(StoreKeys.Device(index));
        DeviceKeys device = new(
            index, StoreFormats.TryParseAddress(host, out PciAddress address) ? address : null, StoreFormats.ParseState(Present(StoreKeys.DeviceState(index))))
        {
            HostText = host,
            Guest = StoreFormats.TryParseAddress(Present(StoreKeys.GuestAddress(index)), out PciAddress seen) ? seen : null,
        };
        return detail == DeviceDetail.Failures
            ? device with { Error = Present(StoreKeys.DeviceReason(index)) }
            : device with
            {
                RequestedDevfn = StoreFormats.TryParseDevfn(Present(StoreKeys.RequestedDevfn(index)), out byte devfn) ? devfn : null,
                Options = Present(StoreKeys.Options(index)),
            };

        string? Present(string key) => present.Contains(key) ? Value(key) : null;
    }
}
