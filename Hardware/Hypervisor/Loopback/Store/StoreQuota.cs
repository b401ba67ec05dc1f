namespace PciBackFlow.Hardware.Hypervisor.Loopback.Store;

/// <summary>Limits of a xenstore connection: the defaults of xenstored (tools/xenstored), which spare domain 0.</summary>
internal static class StoreQuota
{
    /// <summary>Nodes an unprivileged domain may own (quota_nb_entry_per_domain); more: ENOSPC.</summary>
    internal const int Nodes = 1000;

    /// <summary>Bytes of an unprivileged domain's node (quota_max_entry_size); more: ENOSPC.</summary>
    internal const int NodeBytes = 2048;

    /// <summary>Watches of an unprivileged domain (quota_nb_watch_per_domain); more: E2BIG.</summary>
    internal const int Watches = 128;

    /// <summary>Open transactions of an unprivileged domain (quota_max_transaction); more: ENOSPC.</summary>
    internal const int Transactions = 10;

    /// <summary>
    /// Bytes of one request's path, NUL and value: what <c>/dev/xen/xenbus</c> takes, 4096 less the 16-byte header; more: E2BIG.
    /// </summary>
    internal const int PayloadBytes = 4096 - 16;
}
