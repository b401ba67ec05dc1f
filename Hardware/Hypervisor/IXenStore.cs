namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>A xenstore connection. Safe for use by many threads.</summary>
public interface IXenStore : IXenStoreAccess, IDisposable
{
    /// <summary>
    /// Watches a node and everything below it. Fires once at registration; later events may be merged, a storm of them into one of
    /// the watched path itself, which so means "look at all of it"; removing an ancestor fires the watched path too. <c>@releaseDomain</c>
    /// and <c>@introduceDomain</c> are watched alike.
    /// </summary>
    /// <param name="path">The node, or a special name.</param>
    /// <param name="changed">Called on the connection's own thread with the path that changed (relative, if the watched path was).
    /// Returns quickly; may call the store.</param>
    /// <returns>Dispose it to stop watching: waits for a call under way, unless disposed from inside it; none begins afterwards.</returns>
    /// <exception cref="HypervisorException">EINVAL: malformed path; E2BIG: too many watches.</exception>
    IDisposable Watch(string path, Action<string> changed);

    /// <summary>Begins a transaction: a snapshot whose changes become visible together.</summary>
    /// <returns>The transaction; disposing it without a commit aborts it.</returns>
    /// <exception cref="HypervisorException">EBUSY, ENOSPC: too many open transactions.</exception>
    IXenStoreTransaction BeginTransaction();
}
