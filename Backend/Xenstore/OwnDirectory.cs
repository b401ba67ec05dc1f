using PciBackFlow.Backend.Slots;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// What a backend writes into its own directory: always in a transaction that looks at <c>state</c> first, so that a directory the toolstack
/// removed is not created again, and one it removed and created anew is left to its next instance (Linux
/// <c>drivers/xen/xenbus/xenbus_client.c</c>, <c>__xenbus_switch_state</c>, does so for the state alone).
/// </summary>
/// <param name="store">The store.</param>
/// <param name="backend">The directory.</param>
internal sealed class OwnDirectory(IXenStore store, string backend)
{
    private const int PatientAttempts = 16;
    private const int MaxAttempts = 1000;

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

    /// <summary>Writes <c>state</c>.</summary>
    /// <exception cref="HypervisorException">See <see cref="Change"/>; the same for all that follow.</exception>
    public Outcome SwitchState(XenbusState next)
    {
        Outcome outcome = Change(access => access.Write($"{backend}/state", StoreFormats.FormatState(next)));
        if (outcome == Outcome.Written)
        {
            State = next;
        }

        return outcome;
    }

    /// <summary>A device is the guest's, at this address.</summary>
    public void PublishDevice(int index, PciAddress guest) => Change(access =>
    {
        access.Write($"{backend}/vdev-{index}", StoreFormats.FormatGuestAddress(guest));
        access.Remove($"{backend}/error-{index}");
        access.Write($"{backend}/state-{index}", StoreFormats.FormatState(XenbusState.Initialised));
    });

    /// <summary>A device cannot be the guest's.</summary>
    public void FailDevice(int index, string reason) => Change(access =>
    {
        access.Write($"{backend}/error-{index}", StoreFormats.Bounded(reason));
        access.Write($"{backend}/state-{index}", StoreFormats.FormatState(XenbusState.Closed));
    });

    /// <summary>The buses on which the guest's devices are.</summary>
    /// <returns>Null, or why they cannot be published.</returns>
    public string? PublishRoots(IReadOnlyList<RootBus> roots)
    {
        string? reason = null;
        Change(access => reason = RootPublisher.Publish(access, backend, roots));
        return reason;
    }

    /// <summary>Whether a function of the guest has failed, in <c>aerState</c>.</summary>
    public void PublishFailure(bool hasFailed) => Change(access =>
    {
        if (hasFailed)
        {
            access.Write($"{backend}/aerState", "aerfail");
        }
        else
        {
            access.Remove($"{backend}/aerState");
        }
    });

    /// <summary>Changes the directory.</summary>
    /// <param name="change">What to write; repeated after a conflict.</param>
    /// <returns>What became of it.</returns>
    /// <exception cref="HypervisorException">xenstore refused, or others changed the directory a thousand times in a row (EAGAIN).</exception>
    private Outcome Change(Action<IXenStoreAccess> change)
    {
        for (int attempt = 1; ; attempt++)
        {
            using IXenStoreTransaction transaction = store.BeginTransaction();
            string? stored = transaction.Read($"{backend}/state");
            if (stored is null)
            {
                return Outcome.Gone;
            }

            if (StoreFormats.ParseState(stored) == XenbusState.Initialising && State != XenbusState.Initialising)
            {
                return Outcome.Successor;
            }

            change(transaction);
            if (transaction.Commit())
            {
                return Outcome.Written;
            }

            if (attempt == MaxAttempts)
            {
                throw new HypervisorException(Errno.EAGAIN, $"{backend} could not be written: {MaxAttempts} conflicts");
            }

            if (attempt > PatientAttempts)
            {
                Thread.Sleep(1);
            }
        }
    }
}
