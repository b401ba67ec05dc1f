namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>Access to a xenstore node, as its wire letters say.</summary>
[Flags]
public enum XenStoreAccess
{
    /// <summary><c>n</c>: none.</summary>
    None = 0,

    /// <summary><c>r</c>: read.</summary>
    Read = 1,

    /// <summary><c>w</c>: write.</summary>
    Write = 2,

    /// <summary><c>b</c>: both.</summary>
    Both = Read | Write,
}
