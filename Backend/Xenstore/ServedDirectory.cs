using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// The backend directory of a guest that one instance serves, for that instance to write: always in a transaction that looks at the state
/// first, so that a directory the toolstack removed is not created again, and one it removed and created anew is left to its next instance
/// (Linux <c>drivers/xen/xenbus/xenbus_client.c</c>, <c>__xenbus_switch_state</c>, does so for the state alone).
/// </summary>
/// <param name="store">The store.</param>
/// <param name="guest">Whose.</param>
internal sealed class ServedDirectory(IXenStore store, GuestId guest)
{
    /// <summary>What became of a write.</summary>
    public enum Outcome
    {
        /// <summary>It is visible.</summary>
        Written,

        /// <summary>The directory is gone; nothing was written.</summary>
        Gone,

        /// <summary>The directory belongs to a successor; nothing was written.</summary>
        Successor,
    }

    /// <summary>The state that this instance wrote or saw last.</summary>
    public XenbusState State { get; set; }

    /// <summary>Writes the state.</summary>
    /// <exception cref="HypervisorException">xenstore refused, or others never stopped changing the directory (EAGAIN); the
    /// same for all that follow.</exception>
    public Outcome SwitchState(XenbusState next)
    {
        Outcome outcome = Change(access => Writer(access).WriteState(next));
        if (outcome == Outcome.Written)
        {
            State = next;
        }

        return outcome;
    }

    /// <summary>A device is the guest's, at this address.</summary>
    public void PublishDevice(int index, PciAddress address) => Change(access => Writer(access).PublishDevice(index, address));

    /// <summary>A device cannot be the guest's.</summary>
    public void FailDevice(int index, DeviceFailure failure) => Change(access => Writer(access).FailDevice(index, failure));

    /// <summary>Whether a function of the guest has failed.</summary>
    public void PublishFailure(bool hasFailed)
    {
        if (hasFailed || new DirectoryReader(store, guest).ReadFailure() is not null)
        {
            Change(access => Writer(access).PublishFailure(hasFailed));
        }
    }

    /// <summary>The buses on which the guest's devices are.</summary>
    /// <returns>Null, or why they cannot be published.</returns>
    public string? PublishRoots(IReadOnlyList<PciBus> roots)
    {
        // A transaction is four round trips, and this is true whenever a daemon follows another one.
        if (PublishedRoots.Has(store, guest, roots))
        {
            return null;
        }

        string? reason = null;
        Change(access => reason = PublishedRoots.Add(access, guest, roots));
        return reason;
    }

    /// <summary>Why the guest cannot be served. Beside the directory, hence without a look at whose it is.</summary>
    public void WriteError(Errno errno, string reason) => Writer(store).WriteError(errno, reason);

    private DirectoryWriter Writer(IXenStoreAccess access) => new(access, guest);

    private Outcome Change(Action<IXenStoreAccess> change) => store.Run(access =>
    {
        XenbusState stored = new DirectoryReader(access, guest).ReadBackendState();
        if (stored == XenbusState.Unknown)
        {
            return Outcome.Gone;
        }

        if (stored == XenbusState.Initialising && State != XenbusState.Initialising)
        {
            return Outcome.Successor;
        }

        change(access);
        return Outcome.Written;
    });
}
