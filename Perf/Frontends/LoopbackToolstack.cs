using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// What xl's library does for a guest with PCI devices (xen tools/libs/light/libxl_pci.c), on the loopback: domains, the backend's and the
/// frontend's directories, permissions before keys, boot-time devices added one transaction at a time. Thread-safe as its store is.
/// </summary>
public sealed class LoopbackToolstack : IDisposable
{
    private const string Initialising = "1";
    private const string Closing = "5";
    private const string Closed = "6";
    private const string Reconfiguring = "7";

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

    /// <summary>The backend's directory of a guest.</summary>
    /// <param name="domainId">The guest.</param>
    /// <returns>The absolute path.</returns>
    public static string BackendPath(int domainId) => $"/local/domain/0/backend/pci/{domainId}/0";

    /// <summary>The frontend's directory of a guest.</summary>
    /// <param name="domainId">The guest.</param>
    /// <returns>The absolute path.</returns>
    public static string FrontendPath(int domainId) => $"/local/domain/{domainId}/device/pci/0";

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
    public void AddBootDevice(int domainId, PciAddress function) => Commit(store =>
    {
        string backend = BackendPath(domainId);
        int number = 0;
        if (store.Read($"{backend}/num_devs") is { } text)
        {
            number = int.Parse(text, CultureInfo.InvariantCulture);
        }
        else
        {
            CreateDirectories(store, domainId);
        }

        WriteDevice(store, backend, number, function);
    });

    /// <summary>Adds one function to a connected guest: state 7 tells the backend to look.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">Host address.</param>
    public void HotAddDevice(int domainId, PciAddress function) => Commit(store =>
    {
        string backend = BackendPath(domainId);
        int number = int.Parse(store.Read($"{backend}/num_devs") ?? "0", CultureInfo.InvariantCulture);
        WriteDevice(store, backend, number, function);
        store.Write($"{backend}/state", Reconfiguring);
    });

    /// <summary>The backend's state of a guest.</summary>
    /// <param name="domainId">The guest.</param>
    /// <returns>0 when the node is absent or not a number.</returns>
    public int BackendState(int domainId) =>
        int.TryParse(_store.Read($"{BackendPath(domainId)}/state"), NumberStyles.None, CultureInfo.InvariantCulture, out int state) ? state : 0;

    /// <summary>Why the backend could not give a guest its first device.</summary>
    /// <param name="domainId">The guest.</param>
    /// <returns>The reason, or null when there is none.</returns>
    public string? DeviceError(int domainId) => _store.Read($"{BackendPath(domainId)}/error-0");

    /// <summary>Takes all functions from a guest: online 0, state 5, waits for the backend's 6, removes the directories.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="timeout">How long to wait for the backend; afterwards the directories are removed by force.</param>
    /// <returns>Whether the backend closed in time.</returns>
    public bool RemoveDevices(int domainId, TimeSpan timeout)
    {
        string backend = BackendPath(domainId);
        Commit(store =>
        {
            store.Write($"{backend}/online", "0");
            store.Write($"{backend}/state", Closing);
        });
        using var closed = new ManualResetEventSlim();
        using (_store.Watch($"{backend}/state", _ =>
        {
            if (_store.Read($"{backend}/state") is null or Closed)
            {
                closed.Set();
            }
        }))
        {
            bool inTime = closed.Wait(timeout);
            _store.Remove(FrontendPath(domainId));
            _store.Remove($"/local/domain/0/backend/pci/{domainId}");
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

    private static void CreateDirectories(IXenStoreAccess store, int domainId)
    {
        string backend = BackendPath(domainId);
        string frontend = FrontendPath(domainId);

        // Each directory gets its permissions while it is empty; the keys written below inherit them.
        store.MakeDirectory(frontend);
        store.SetPermissions(frontend, [new XenStorePermission(domainId, XenStoreAccess.None), new XenStorePermission(0, XenStoreAccess.Read)]);
        store.MakeDirectory(backend);
        store.SetPermissions(backend, [new XenStorePermission(0, XenStoreAccess.None), new XenStorePermission(domainId, XenStoreAccess.Read)]);

        store.Write($"{frontend}/backend", backend);
        store.Write($"{frontend}/backend-id", "0");
        store.Write($"{frontend}/state", Initialising);
        store.Write($"{backend}/frontend", frontend);
        store.Write($"{backend}/frontend-id", domainId.ToString(CultureInfo.InvariantCulture));
        store.Write($"{backend}/online", "1");
        store.Write($"{backend}/state", Initialising);
        store.Write($"{backend}/domain", $"guest{domainId}");
    }

    private static void WriteDevice(IXenStoreAccess store, string backend, int number, PciAddress function)
    {
        store.Write($"{backend}/key-{number}", function.ToString());
        store.Write($"{backend}/dev-{number}", function.ToString());
        store.Write($"{backend}/opts-{number}", "msitranslate=0,power_mgmt=0,permissive=0,rdm_policy=strict");
        store.Write($"{backend}/state-{number}", Initialising);
        store.Write($"{backend}/num_devs", (number + 1).ToString(CultureInfo.InvariantCulture));
    }

    private void Commit(Action<IXenStoreAccess> change)
    {
        while (true)
        {
            using IXenStoreTransaction transaction = _store.BeginTransaction();
            change(transaction);
            if (transaction.Commit())
            {
                return;
            }
        }
    }
}
