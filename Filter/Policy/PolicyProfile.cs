namespace PciBackFlow.Filter.Policy;

/// <summary>The base that a policy builds on.</summary>
public enum PolicyProfile : byte
{
    /// <summary><c>default</c>: what Linux xen-pciback does; unknown writes are dropped with success.</summary>
    Default = 0,

    /// <summary><c>permissive</c>: unknown writes reach hardware, but for what is denied in every policy.</summary>
    Permissive = 1,

    /// <summary><c>strict</c>: as default, but every unknown write is answered with <c>access_denied</c>.</summary>
    Strict = 2,

    /// <summary><c>qemu-xen</c>: the register masks of QEMU's Xen passthrough device model.</summary>
    QemuXen = 3,
}
