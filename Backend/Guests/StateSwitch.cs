using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Guests;

/// <summary>How a backend writes its own state (Linux <c>drivers/xen/xenbus/xenbus_client.c</c>, <c>__xenbus_switch_state</c>).</summary>
internal static class StateSwitch
{
    private const int PatientAttempts = 16;
    private const int MaxAttempts = 1000;

    /// <summary>
    /// Writes a state in a transaction, so that a directory the toolstack removed is not created again, and one it removed and
    /// created anew is left to its next instance.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="backend">The backend directory.</param>
    /// <param name="known">The state this instance wrote or saw last.</param>
    /// <param name="next">The state to write.</param>
    /// <returns>False when the directory belongs to a successor.</returns>
    /// <exception cref="HypervisorException">xenstore refused, or another party changed the key a thousand times in a row (EAGAIN).</exception>
    public static bool Write(IXenStore store, string backend, XenbusState known, XenbusState next)
    {
        string path = $"{backend}/state";
        for (int attempt = 1; ; attempt++)
        {
            using IXenStoreTransaction transaction = store.BeginTransaction();
            string? stored = transaction.Read(path);
            if (stored is null)
                return true;
            if (StoreFormats.ParseState(stored) == XenbusState.Initialising && known != XenbusState.Initialising)
                return false;
            transaction.Write(path, StoreFormats.FormatState(next));
            if (transaction.Commit())
                return true;
            if (attempt == MaxAttempts)
                throw new HypervisorException("EAGAIN", $"{path} could not be written: {MaxAttempts} conflicts");
            if (attempt > PatientAttempts)
                Thread.Sleep(1);
        }
    }
}
