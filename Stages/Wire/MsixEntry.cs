using System.Runtime.InteropServices;

namespace PciBackFlow.Stages.Wire;

/// <summary>One entry of <c>op.msix_entries</c> (<c>struct xen_msix_entry</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = SharedInfoLayout.MsixEntrySize)]
public struct MsixEntry
{
    /// <summary>Answer: the pirq, 1 to 65535. Frontends fill it with 0xFFFF in the request.</summary>
    [FieldOffset(0)]
    public ushort Vector;

    /// <summary>Request: index in the function's MSI-X table.</summary>
    [FieldOffset(2)]
    public ushort Entry;
}
