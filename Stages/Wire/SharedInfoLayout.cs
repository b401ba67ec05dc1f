namespace PciBackFlow.Stages.Wire;

/// <summary>
/// Where each field of a guest's shared page lies: <c>struct xen_pci_sharedinfo</c> of Xen's public header <c>io/pciif.h</c>. Offsets in
/// bytes from the start of the page, little-endian, natural alignment, no padding.
/// </summary>
public static class SharedInfoLayout
{
    /// <summary>Bytes of a page; what lies beyond <see cref="Size"/> is unused.</summary>
    public const int PageSize = 4096;

    /// <summary>Bytes of the whole structure.</summary>
    public const int Size = 572;

    /// <summary><c>flags</c>, 32 bits: <see cref="SharedFlags"/>.</summary>
    public const int Flags = 0;

    /// <summary>The request slot <c>op</c> (<c>struct xen_pci_op</c>), frontend to backend.</summary>
    public const int Op = 4;

    /// <summary>Bytes of the request slot.</summary>
    public const int OpSize = 548;

    /// <summary>Bytes of the request slot before the MSI-X entries.</summary>
    public const int OpHeaderSize = 36;

    /// <summary><c>op.cmd</c>, 32 bits unsigned: <see cref="PciOpCode"/>.</summary>
    public const int Command = 4;

    /// <summary><c>op.err</c>, 32 bits signed: <see cref="PciOpStatus"/>. The backend writes it.</summary>
    public const int Error = 8;

    /// <summary><c>op.domain</c>, 32 bits: the segment as the guest sees it.</summary>
    public const int Domain = 12;

    /// <summary><c>op.bus</c>, 32 bits: the bus as the guest sees it.</summary>
    public const int Bus = 16;

    /// <summary><c>op.devfn</c>, 32 bits: (slot &lt;&lt; 3) | function as the guest sees it.</summary>
    public const int Devfn = 20;

    /// <summary><c>op.offset</c>, 32 bits signed: the configuration register.</summary>
    public const int Offset = 24;

    /// <summary><c>op.size</c>, 32 bits signed: 1, 2 or 4.</summary>
    public const int AccessSize = 28;

    /// <summary><c>op.value</c>, 32 bits: value to write, value read, pirq, or number of MSI-X entries. Both sides write it.</summary>
    public const int Value = 32;

    /// <summary><c>op.info</c>, 32 bits: number of vectors of a multi-MSI request and of its answer.</summary>
    public const int Info = 36;

    /// <summary><c>op.msix_entries</c>: <see cref="MaxVectors"/> entries of <see cref="MsixEntrySize"/> bytes.</summary>
    public const int MsixEntries = 40;

    /// <summary>Most MSI-X vectors of one request (<c>SH_INFO_MAX_VEC</c>).</summary>
    public const int MaxVectors = 128;

    /// <summary>Bytes of one entry: the vector, 16 bits, then the table index, 16 bits.</summary>
    public const int MsixEntrySize = 4;

    /// <summary>The recovery slot <c>aer_op</c> (<c>struct xen_pcie_aer_op</c>), backend to frontend.</summary>
    public const int AerOp = 552;

    /// <summary>Bytes of the recovery slot.</summary>
    public const int AerOpSize = 20;

    /// <summary><c>aer_op.cmd</c>, 32 bits: <see cref="PciOpCode.AerDetected"/> to <see cref="PciOpCode.AerSlotReset"/>.</summary>
    public const int AerCommand = 552;

    /// <summary><c>aer_op.err</c>, 32 bits signed: the channel's state, then the frontend's verdict.</summary>
    public const int AerError = 556;

    /// <summary><c>aer_op.domain</c>, 32 bits.</summary>
    public const int AerDomain = 560;

    /// <summary><c>aer_op.bus</c>, 32 bits.</summary>
    public const int AerBus = 564;

    /// <summary><c>aer_op.devfn</c>, 32 bits.</summary>
    public const int AerDevfn = 568;
}
