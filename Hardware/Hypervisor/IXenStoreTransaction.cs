namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>A xenstore transaction. Used by one thread.</summary>
public interface IXenStoreTransaction : IXenStoreAccess, IDisposable
{
    /// <summary>Ends the transaction by making its changes visible.</summary>
    /// <returns>False on a conflict (EAGAIN): nothing was changed, and all of it must be done again.</returns>
    bool Commit();
}
