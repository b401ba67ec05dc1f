using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>Transactions that are done again after a conflict.</summary>
public static class StoreTransactions
{
    private const int PatientAttempts = 16;
    private const int MaxAttempts = 1000;

    /// <summary>Runs a transaction until nobody interferes.</summary>
    /// <typeparam name="T">What it finds out.</typeparam>
    /// <param name="store">The store.</param>
    /// <param name="body">What to read and write; repeated after a conflict, so it may have no other effect.</param>
    /// <returns>What the body returned in the run that was committed: everything it read was true at one moment.</returns>
    /// <exception cref="HypervisorException">xenstore refused, or others interfered a thousand times in a row (EAGAIN).</exception>
    public static T Run<T>(this IXenStore store, Func<IXenStoreAccess, T> body)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(body);
        for (int attempt = 1; ; attempt++)
        {
            using IXenStoreTransaction transaction = store.BeginTransaction();
            T result = body(transaction);
            if (transaction.Commit())
            {
                return result;
            }

            if (attempt == MaxAttempts)
            {
                throw new HypervisorException(Errno.EAGAIN, $"xenstore: {MaxAttempts} conflicts in a row");
            }

            if (attempt > PatientAttempts)
            {
                Thread.Sleep(1);
            }
        }
    }

    /// <summary>Runs a transaction that finds nothing out.</summary>
    /// <param name="store">The store.</param>
    /// <param name="body">What to write; repeated after a conflict, so it may have no other effect.</param>
    /// <exception cref="HypervisorException">As <see cref="Run{T}"/>.</exception>
    public static void Run(this IXenStore store, Action<IXenStoreAccess> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        store.Run(access =>
        {
            body(access);
            return true;
        });
    }
}
