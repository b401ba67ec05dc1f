using System.Globalization;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// Writes a guest's two directories: what libxl writes (tools/libs/light/libxl_pci.c: permissions before keys, one transaction for each
/// step, higher numbers move down when a device goes), and what a backend does. What xenstore refuses is thrown as it says.
/// </summary>
/// <param name="store">A transaction, so that who reads meanwhile sees all of a step or nothing.</param>
/// <param name="guest">Whose.</param>
public sealed class DirectoryWriter(IXenStoreAccess store, GuestId guest)
{
    private readonly string _backend = StoreKeys.BackendOf(guest);

    // The toolstack's half.

    /// <summary>Creates both directories, empty of devices. What lay there is a former life's.</summary>
    /// <exception cref="HypervisorException">xenstore refused; the same for all that follow.</exception>
    public void Create()
    {
        string frontend = StoreKeys.FrontendOf(guest);
        Clear(_backend, [new(0, XenStoreAccess.None), new(guest.DomainId, XenStoreAccess.Read)]);
        Set(StoreKeys.Frontend, frontend);
        Set(StoreKeys.FrontendId, Number(guest.DomainId));
        Set(StoreKeys.Online, "1");
        WriteState(XenbusState.Initialising);
        Set(StoreKeys.Domain, store.Read(StoreKeys.NameOf(guest.DomainId)) ?? Number(guest.DomainId));

        Clear(frontend, [new(guest.DomainId, XenStoreAccess.None), new(0, XenStoreAccess.Read)]);
        store.Write(StoreKeys.In(frontend, StoreKeys.Backend), _backend);
        store.Write(StoreKeys.In(frontend, StoreKeys.BackendId), "0");
        store.Write(StoreKeys.StateOf(frontend), StoreFormats.FormatState(XenbusState.Initialising));
    }

    /// <summary>Adds a device behind the others.</summary>
    /// <param name="index">How many there are.</param>
    /// <param name="device">The device.</param>
    public void AddDevice(int index, NewDevice device)
    {
        string host = device.Host.ToString();
        Set(StoreKeys.DeviceKey(index), host);
        Set(StoreKeys.Device(index), host);
        if (device.RequestedDevfn is { } devfn)
        {
            Set(StoreKeys.RequestedDevfn(index), devfn.ToString("x", CultureInfo.InvariantCulture));
        }

        if (device.Name is not null)
        {
            Set(StoreKeys.DeviceName(index), device.Name);
        }

        Set(StoreKeys.Options(index), device.Options);
        WriteDeviceState(index, XenbusState.Initialising);
        Set(StoreKeys.DeviceCount, Number(index + 1));
    }

    /// <summary>Removes devices and moves those behind them down.</summary>
    /// <param name="hosts">Which; those that aren't there are ignored.</param>
    /// <returns>How many are left, or -1 when there was no directory.</returns>
    public int RemoveDevices(IReadOnlyCollection<PciAddress> hosts)
    {
        GuestDirectory directory = new DirectoryReader(store, guest).ReadBackend(DeviceDetail.Failures);
        if (!directory.HasDeviceCount)
        {
            return -1;
        }

        int left = 0;
        foreach (DeviceKeys device in directory.Devices)
        {
            if (device.Host is { } host && hosts.Contains(host))
            {
                Move(device.Index, to: null);
            }
            else
            {
                Move(device.Index, left++);
            }
        }

        if (left != directory.Devices.Count)
        {
            Set(StoreKeys.DeviceCount, Number(left));
        }

        return left;
    }

    /// <summary>Says that the guest is to lose the whole bus, and begins the close.</summary>
    public void TakeOffline()
    {
        Set(StoreKeys.Online, "0");
        WriteState(XenbusState.Closing);
    }

    /// <summary>Removes both directories, and what they alone lay in.</summary>
    public void Destroy()
    {
        RemoveWithEmptyParent(_backend);
        RemoveWithEmptyParent(StoreKeys.FrontendOf(guest));
    }

    // Both halves.

    /// <summary>Writes the backend's state.</summary>
    /// <param name="state">The toolstack may write 5 and 7; the backend its own.</param>
    public void WriteState(XenbusState state) => Set(StoreKeys.State, StoreFormats.FormatState(state));

    /// <summary>Writes one device's state.</summary>
    /// <param name="index">N of the device.</param>
    /// <param name="state">The state.</param>
    public void WriteDeviceState(int index, XenbusState state) => Set(StoreKeys.DeviceState(index), StoreFormats.FormatState(state));

    // The backend's half.

    /// <summary>A device is the guest's, at this address.</summary>
    /// <param name="index">N of the device.</param>
    /// <param name="address">Where the guest sees it.</param>
    public void PublishDevice(int index, PciAddress address)
    {
        Set(StoreKeys.GuestAddress(index), StoreFormats.FormatGuestAddress(address));
        Unset(StoreKeys.DeviceError(index));
        Unset(StoreKeys.DeviceReason(index));
        WriteDeviceState(index, XenbusState.Initialised);
    }

    /// <summary>A device cannot be the guest's.</summary>
    /// <param name="index">N of the device.</param>
    /// <param name="failure">Why; shortened and cleaned.</param>
    public void FailDevice(int index, DeviceFailure failure)
    {
        Set(StoreKeys.DeviceError(index), StoreFormats.FormatFailure(failure.Kind));
        SetUnseen(StoreKeys.DeviceReason(index), StoreFormats.Bounded(failure.Reason));
        WriteDeviceState(index, XenbusState.Closed);
    }

    /// <summary>Says whether a function of the guest has failed.</summary>
    /// <param name="hasFailed">Whether one has.</param>
    public void PublishFailure(bool hasFailed)
    {
        if (hasFailed)
        {
            Set(StoreKeys.Failure, StoreKeys.HasFailed);
        }
        else
        {
            Unset(StoreKeys.Failure);
        }
    }

    /// <summary>Says why the guest cannot be served, beside its directories: it may have lost them.</summary>
    /// <param name="errno">The error.</param>
    /// <param name="reason">Why; shortened and cleaned.</param>
    public void WriteError(Errno errno, string reason) => store.Write(StoreKeys.ErrorOf(guest), StoreFormats.FormatError(errno, reason));

    private void Move(int index, int? to)
    {
        if (to == index)
        {
            return;
        }

        foreach (string key in StoreKeys.OfOneDevice)
        {
            string from = StoreKeys.Numbered(key, index);
            if (to is { } number && store.Read(StoreKeys.In(_backend, from)) is { } value)
            {
                string name = StoreKeys.Numbered(key, number);
                if (key == StoreKeys.ReasonPrefix)
                {
                    SetUnseen(name, value);
                }
                else
                {
                    Set(name, value);
                }
            }

            Unset(from);
        }
    }

    // A node inherits its directory's permissions, and the guest may read that.
    private void SetUnseen(string key, string value)
    {
        Set(key, value);
        store.SetPermissions(StoreKeys.In(_backend, key), [new(0, XenStoreAccess.None)]);
    }

    private void RemoveWithEmptyParent(string path)
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

    private void Clear(string path, XenStorePermission[] permissions)
    {
        if (store.Directory(path) is not null)
        {
            store.Remove(path);
        }

        store.MakeDirectory(path);
        store.SetPermissions(path, permissions);
    }

    private void Set(string key, string value) => store.Write(StoreKeys.In(_backend, key), value);

    private void Unset(string key) => store.Remove(StoreKeys.In(_backend, key));

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
