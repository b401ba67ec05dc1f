using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// What xl's library does for a guest with PCI devices (xen tools/libs/light/libxl_pci.c), on the loopback: domains, and the backend's and the
/// frontend's directories, boot-time devices added one transaction at a time. Thread-safe as its store is.
/// </summary>
public sealed class LoopbackToolstack : IDisposable
{
    // As libxl writes it for a device without options of its own.
    private const string Options = "msitranslate=0,power_mgmt=0,permissive=0,rdm_policy=strict";

    private readonly LoopbackHost _host;
    private readonly IXenStore _store;
    private readonly IPhysdev _physdev;
    private readonly IDomainControl _domains;

    /// <summary>Opens the toolstack's connection, in domain 0.</summary>
    /// <param name="host">The loopback host.</param>
    public LoopbackToolstack(LoopbackHost host)
    {
        _host = host;
        _store = host.BackendView.OpenXenStore();
        _physdev = host.BackendView.OpenPhysdev();
        _domains = host.BackendView.OpenDomainControl();
    }

    /// <summary>Creates a domain and gives it functions, as at a guest's boot.</summary>
    /// <param name="domainId">Its id, 1 to 0x7FEF.</param>
    /// <param name="functions">Host addresses, at least one.</param>
    /// <exception cref="HypervisorException">EEXIST: the domain exists.</exception>
    public void CreateGuest(int domainId, params IReadOnlyList<PciAddress> functions)
    {
        _host.CreateDomain(domainId);
        for (int i = 0; i < functions.Count; i++)
        {
            AddBootDevice(domainId, functions[i]);
        }
    }

    /// <summary>Gives a function to a domain's IOMMU context, its MSI-X table known to the hypervisor before: without it no message is mapped.</summary>
    /// <param name="domainId">The guest; it exists.</param>
    /// <param name="function">Host address.</param>
    /// <exception cref="HypervisorException">The function is somebody's already.</exception>
    public void Assign(int domainId, PciAddress function)
    {
        _physdev.PrepareMsix(function);
        _domains.Assign(domainId, function, relaxed: false);
    }

    /// <summary>Adds one function while the guest's frontend is not connected: the node's first, or one more.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">Host address.</param>
    public void AddBootDevice(int domainId, PciAddress function) => _store.Run(access =>
    {
        var guest = GuestId.Of(domainId);
        DirectoryWriter directory = new(access, guest);
        int? count = new DirectoryReader(access, guest).ReadDeviceCount();
        if (count is null)
        {
            directory.Create();
        }

        directory.AddDevice(count ?? 0, new(function, Options));
    });

    /// <summary>Adds one function to a connected guest: state 7 tells the backend to look.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">Host address.</param>
    public void HotAddDevice(int domainId, PciAddress function) => _store.Run(access =>
    {
        var guest = GuestId.Of(domainId);
        DirectoryWriter directory = new(access, guest);
        directory.AddDevice(new DirectoryReader(access, guest).ReadDeviceCount() ?? 0, new(function, Options));
        directory.WriteState(XenbusState.Reconfiguring);
    });

    /// <summary>The backend's state of a guest.</summary>
    /// <param name="domainId">The guest.</param>
    /// <returns>0 when the node is absent, -1 when it is not a state.</returns>
    public int BackendState(int domainId) => (int)ReaderOf(domainId).ReadBackendState();

    /// <summary>Why the backend could not give a guest its first device.</summary>
    /// <param name="domainId">The guest.</param>
    /// <returns>The reason, or null when there is none.</returns>
    public string? DeviceError(int domainId) => ReaderOf(domainId).ReadDeviceReason(0);

    /// <summary>Takes all functions from a guest: online 0, state 5, waits for the backend's 6, removes the directories.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="timeout">How long to wait for the backend; afterwards the directories are removed by force.</param>
    /// <returns>Whether the backend closed in time.</returns>
    public bool RemoveDevices(int domainId, TimeSpan timeout)
    {
        var guest = GuestId.Of(domainId);
        _store.Run(access => new DirectoryWriter(access, guest).TakeOffline());
        using var closed = new ManualResetEventSlim();
        using (_store.Watch(StoreKeys.StateOf(StoreKeys.BackendOf(guest)), _ =>
        {
            if (ReaderOf(domainId).ReadBackendState() is XenbusState.Unknown or XenbusState.Closed)
            {
                closed.Set();
            }
        }))
        {
            bool inTime = closed.Wait(timeout);
            _store.Run(access => new DirectoryWriter(access, guest).Destroy());
            return inTime;
        }
    }

    /// <summary>Ends a domain without any courtesy, as a crash does: the frontend's directory goes with it.</summary>
    /// <param name="domainId">The guest.</param>
    public void DestroyGuest(int domainId) => _host.DestroyDomain(domainId);

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        _physdev.Dispose();
        _domains.Dispose();
    }

    private DirectoryReader ReaderOf(int domainId) => new(_store, GuestId.Of(domainId));
}
