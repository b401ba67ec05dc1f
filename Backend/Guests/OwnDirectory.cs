using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// How a backend writes into its own directory: always in a transaction that looks at <c>state</c> first, so that a directory the toolstack
/// removed is not created again, and one it removed and created anew is left to its next instance (Linux
/// <c>drivers/xen/xenbus/xenbus_client.c</c>, <c>__xenbus_switch_state</c>, does so for the state alone).
/// </summary>
internal static class OwnDirectory
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

    /// <summary>Changes the directory.</summary>
    /// <param name="store">The store.</param>
    /// <param name="backend">The backend directory.</param>
    /// <param name="known">The state this instance wrote or saw last.</param>
    /// <param name="change">What to write; repeated after a conflict.</param>
    /// <returns>What became of it.</returns>
    /// <exception cref="HypervisorException">xenstore refused, or others changed the directory a thousand times in a row (EAGAIN).</exception>
    public static Outcome Change(IXenStore store, string backend, XenbusState known, Action<IXenStoreAccess> change)
    {
        for (int attempt = 1; ; attempt++)
        {
            using IXenStoreTransaction transaction = store.BeginTransaction();
            string? stored = transaction.Read($"{backend}/state");
            if (stored is null)
                return Outcome.Gone;
            if (StoreFormats.ParseState(stored) == XenbusState.Initialising && known != XenbusState.Initialising)
                return Outcome.Successor;
            change(transaction);
            if (transaction.Commit())
                return Outcome.Written;
            if (attempt == MaxAttempts)
                throw new HypervisorException("EAGAIN", $"{backend} could not be written: {MaxAttempts} conflicts");
            if (attempt > PatientAttempts)
                Thread.Sleep(1);
        }
    }
}
