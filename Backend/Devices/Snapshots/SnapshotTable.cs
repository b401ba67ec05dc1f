using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Backend.Devices.Snapshots;

/// <summary>
/// What is kept of a function and in which order it comes back: as Linux pci_restore_state (drivers/pci/pci.c) has it. Capabilities
/// first, because a resizable BAR must have its size before its address; then the header from its end, Command last, because it starts
/// decoding; then the messages' control words, which Xen lets the host's domain write only as two bytes. Mask: the bits restored. What
/// triggers something (retrain link, function level reset, DPC software trigger) is never among them. Virtual channels are left to the
/// kernel: their arbitration tables load by handshake, and the kernel restores them with its reset.
/// </summary>
internal static class SnapshotTable
{
    // The registers that a quiet snapshot changes, by the names under which they are kept.
    public const string Command = "Command";
    public const string MsiControl = "MSI Control";
    public const string MsiXControl = "MSI-X Control";
    public const string PowerControl = "Power Management Control";

    /// <summary>
    /// The bit of MSI-X Control that is written and may stay set all the same: where Xen could not mask an entry, as when memory decoding was off, it sets
    /// Function Mask in whatever the host writes, until messages are enabled anew (xen/arch/x86/msi.c, <c>host_maskall</c>).
    /// </summary>
    public const uint MsiXControlOfXen = MsiXRegisters.FunctionMask;

    private const uint AllBits = 0xFFFFFFFF;

    // Retrain Link (bit 5) triggers; PCI Express Base 3.0 §7.8.7.
    private const uint LinkControlKept = 0x0FDF;

    // DPC Software Trigger (bit 6) triggers; PCI Express Base 3.1 §7.31.3.
    private const uint DpcControlKept = DpcRegisters.ControlWritable & ~0x0040u;

    // PRI Reset (bit 1) triggers; ATS 1.1 §3.7.
    private const uint PriControlKept = 0x0001;

    private const uint MsiControlKept = MsiRegisters.Enable | MsiRegisters.MultipleMessageEnable;
    private const uint MsiXControlKept = MsiXRegisters.Enable | MsiXRegisters.FunctionMask;
    private const uint ResizableBarControlKept = ResizableBarRegisters.BarSize;

    private static readonly (CapabilityId Id, SnapshotRow[] Rows)[] Early =
    [
        (CapabilityId.PowerManagement,
        [
            new(
                PowerControl, PowerManagementRegisters.ControlStatus, 2,
                PowerManagementRegisters.PmeEnable | PowerManagementRegisters.DataSelect, PowerManagementRegisters.PmeStatus),
        ]),
        (CapabilityId.PciExpress,
        [
            new("PCIe Device Control", PciExpressRegisters.DeviceControl, 2, 0xFFFF & ~PciExpressRegisters.InitiateFunctionLevelReset),
            new("PCIe Link Control", PciExpressRegisters.LinkControl, 2, LinkControlKept),
        ]),
        (CapabilityId.PciX, [new("PCI-X Command", PciXRegisters.Command, 2, PciXRegisters.CommandWritable)]),
    ];

    // The second half of the PCI Express capability exists from version 2 on (§7.8.2).
    private static readonly SnapshotRow[] ExpressVersion2 =
    [
        new("PCIe Device Control 2", PciExpressRegisters.DeviceControl2, 2, 0xFFFF),
        new("PCIe Link Control 2", PciExpressRegisters.LinkControl2, 2, 0xFFFF),
    ];

    private static readonly (ExtendedCapabilityId Id, SnapshotRow[] Rows)[] Extended =
    [
        (ExtendedCapabilityId.LatencyTolerance,
        [
            new("LTR Max Snoop Latency", LtrRegisters.MaxSnoop, 2, LtrRegisters.LatencyWritable),
            new("LTR Max No-Snoop Latency", LtrRegisters.MaxNoSnoop, 2, LtrRegisters.LatencyWritable),
        ]),
        (ExtendedCapabilityId.Pasid, [new("PASID Control", PasidRegisters.Control, 2, PasidRegisters.ControlWritable)]),
        (ExtendedCapabilityId.PageRequest,
        [
            // The allocation may be written only while the interface is off, so it comes first.
            new("PRI Allocation", PriRegisters.Allocation, 4, AllBits),
            new("PRI Control", PriRegisters.Control, 2, PriControlKept),
        ]),
        (ExtendedCapabilityId.AddressTranslation, [new("ATS Control", AtsRegisters.Control, 2, AtsRegisters.ControlWritable)]),
        (ExtendedCapabilityId.DownstreamPortContainment, [new("DPC Control", DpcRegisters.Control, 2, DpcControlKept)]),
        (ExtendedCapabilityId.PrecisionTime, [new("PTM Control", PtmRegisters.Control, 4, PtmRegisters.ControlWritable)]),
        (ExtendedCapabilityId.TphRequester, [new("TPH Control", TphRegisters.Control, 4, TphRegisters.ControlWritable)]),
        (ExtendedCapabilityId.AdvancedErrorReporting,
        [
            new("AER Uncorrectable Mask", AerRegisters.UncorrectableMask, 4, AerRegisters.UncorrectableBits),
            new("AER Uncorrectable Severity", AerRegisters.UncorrectableSeverity, 4, AerRegisters.UncorrectableBits),
            new("AER Correctable Mask", AerRegisters.CorrectableMask, 4, AerRegisters.CorrectableBits),
            new("AER Control", AerRegisters.CapabilitiesControl, 4, AerRegisters.ControlWritable),
        ]),
        (ExtendedCapabilityId.AccessControl, [new("ACS Control", AcsRegisters.Control, 2, AcsRegisters.ControlWritable)]),
    ];

    private static readonly SnapshotRow[] Header =
    [
        new("Interrupt Line", ConfigRegisters.InterruptLine, 1, 0xFF),
        new("Expansion ROM", ConfigRegisters.ExpansionRom, 4, AllBits),
        .. Enumerable.Range(0, 6).Reverse().Select(static index => new SnapshotRow($"BAR {index}", ConfigRegisters.BaseAddress0 + (4 * index), 4, AllBits)),
        new("Cache Line Size", ConfigRegisters.CacheLineSize, 1, 0xFF),
        new("Latency Timer", ConfigRegisters.LatencyTimer, 1, 0xFF),
        new(Command, ConfigRegisters.Command, 2, CommandBits.Defined),
    ];

    private static readonly (CapabilityId Id, SnapshotRow Row)[] Messages =
    [
        (CapabilityId.Msi, new(MsiControl, MsiRegisters.Control, 2, MsiControlKept)),
        (CapabilityId.MsiX, new(MsiXControl, MsiXRegisters.Control, 2, MsiXControlKept)),
    ];

    // Last of all: enabling makes the virtual functions appear behind everything else (PCI Express Base 3.0 / SR-IOV 1.1 §3.3).
    private static readonly SnapshotRow[] SrIov =
    [
        new("SR-IOV System Page Size", SrIovRegisters.SystemPageSize, 4, AllBits),
        new("SR-IOV NumVFs", SrIovRegisters.NumVfs, 2, 0xFFFF),
        new("SR-IOV Control", SrIovRegisters.Control, 2, SrIovRegisters.ControlWritable),
    ];

    /// <summary>The registers of one function, absolute offsets, in the order of their restoration.</summary>
    public static IEnumerable<SnapshotRow> Of(IConfigSpace function, CapabilityList capabilities)
    {
        foreach (PciCapability bar in capabilities.Capabilities.Where(
            static found => found.IsExtended && found.ExtendedId == ExtendedCapabilityId.ResizableBar))
        {
            // The count stands in the first control register (PCI Express Base 3.0 §7.22.3).
            uint count = function.TryRead(bar.Offset + ResizableBarRegisters.Control, 4, out uint control)
                ? (control & ResizableBarRegisters.BarCount) >> 5
                : 0;
            for (int i = 0; i < count; i++)
            {
                yield return new(
                    $"Resizable BAR Control {i}", bar.Offset + ResizableBarRegisters.Control + (i * ResizableBarRegisters.Stride), 4,
                    ResizableBarControlKept);
            }
        }

        foreach ((CapabilityId id, SnapshotRow[] rows) in Early)
        {
            if (!capabilities.TryFind(id, out PciCapability capability))
            {
                continue;
            }

            foreach (SnapshotRow row in rows)
            {
                yield return At(row, capability);
            }

            if (id == CapabilityId.PciExpress
                && function.TryRead(capability.Offset + PciExpressRegisters.Capabilities, 2, out uint flags)
                && (flags & PciExpressRegisters.Version) >= 2)
            {
                foreach (SnapshotRow row in ExpressVersion2)
                {
                    yield return At(row, capability);
                }
            }
        }

        foreach ((ExtendedCapabilityId id, SnapshotRow[] rows) in Extended)
        {
            if (!capabilities.TryFind(id, out PciCapability capability))
            {
                continue;
            }

            foreach (SnapshotRow row in rows)
            {
                yield return At(row, capability);
            }
        }

        foreach (SnapshotRow row in Header)
        {
            yield return row;
        }

        foreach ((CapabilityId id, SnapshotRow row) in Messages)
        {
            if (capabilities.TryFind(id, out PciCapability capability))
            {
                yield return At(row, capability);
            }
        }

        if (capabilities.TryFind(ExtendedCapabilityId.SrIov, out PciCapability iov))
        {
            foreach (SnapshotRow row in SrIov)
            {
                yield return At(row, iov);
            }
        }
    }

    private static SnapshotRow At(SnapshotRow row, PciCapability capability) => row with { Offset = capability.Offset + row.Offset };
}
