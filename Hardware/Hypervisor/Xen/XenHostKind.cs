namespace PciBackFlow.Hardware.Hypervisor.Xen;

/// <summary>What this kernel is to Xen.</summary>
public enum XenHostKind
{
    /// <summary>It does not run on Xen.</summary>
    None,

    /// <summary>A guest.</summary>
    Guest,

    /// <summary>The control domain, paravirtualized: the only kind that is served.</summary>
    ControlPv,

    /// <summary>The control domain, with hardware virtualization (PVH).</summary>
    ControlPvh,
}
