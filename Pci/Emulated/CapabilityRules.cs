using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Emulated;

/// <summary>
/// The capabilities' rows, offsets from the capability; the specification of each is named at its constants. A capability
/// without rows is read-only. Registers with side effects are stored here and acted upon by <see cref="EmulatedFunction"/>.
/// </summary>
internal static class CapabilityRules
{
    private static readonly RegisterRule[] None = [];

    private static readonly RegisterRule[] PowerManagement =
    [
        new(PowerManagementRegisters.ControlStatus, 2,
            PowerManagementRegisters.PowerState | PowerManagementRegisters.PmeEnable | PowerManagementRegisters.DataSelect,
            PowerManagementRegisters.PmeStatus),
    ];

    private static readonly RegisterRule[] Agp = [new(8, 4, 0xFF000337)];

    private static readonly RegisterRule[] Vpd =
    [
        new(VpdRegisters.Address, 2, VpdRegisters.AddressMask | VpdRegisters.Flag),
        new(VpdRegisters.Data, 4, 0xFFFFFFFF),
    ];

    private static readonly RegisterRule[] MsiX = [new(MsiXRegisters.Control, 2, MsiXRegisters.Enable | MsiXRegisters.FunctionMask)];

    private static readonly RegisterRule[] PciX =
    [
        new(PciXRegisters.Command, 2, PciXRegisters.CommandWritable),
        new(PciXRegisters.Status, 4, 0, PciXRegisters.StatusErrors),
    ];

    private static readonly RegisterRule[] PciExpress =
    [
        // Defaults of Device Control: relaxed ordering, no snoop, 512-byte reads (PCI Express Base 3.0 §7.8.4).
        new(PciExpressRegisters.DeviceControl, 2, 0x7FFF, 0, 0x2810),
        new(PciExpressRegisters.DeviceStatus, 2, 0, PciExpressRegisters.DeviceStatusErrors),
        new(PciExpressRegisters.LinkControl, 2, 0x0FDB),
        new(PciExpressRegisters.LinkStatus, 2, 0, 0xC000),
        new(PciExpressRegisters.SlotControl, 2, 0x1FFF),
        new(PciExpressRegisters.SlotStatus, 2, 0, 0x011F),
        new(PciExpressRegisters.RootControl, 2, 0x001F),
        new(PciExpressRegisters.RootStatus, 4, 0, 0x00010000),
        new(PciExpressRegisters.DeviceControl2, 2, 0x7FFF),
        new(PciExpressRegisters.LinkControl2, 2, 0xFFFF),
        new(PciExpressRegisters.LinkStatus2, 2, 0, 0x0020),
    ];

    private static readonly RegisterRule[] Aer =
    [
        new(AerRegisters.UncorrectableStatus, 4, 0, AerRegisters.UncorrectableBits),
        new(AerRegisters.UncorrectableMask, 4, AerRegisters.UncorrectableBits),
        // Default severities: PCI Express Base 3.0 §7.10.4.
        new(AerRegisters.UncorrectableSeverity, 4, AerRegisters.UncorrectableBits, 0, 0x00462030),
        new(AerRegisters.CorrectableStatus, 4, 0, AerRegisters.CorrectableBits),
        new(AerRegisters.CorrectableMask, 4, AerRegisters.CorrectableBits, 0, 0x00002000),
        new(AerRegisters.CapabilitiesControl, 4, AerRegisters.ControlWritable),
    ];

    private static readonly RegisterRule[] AerOfRoot =
    [
        .. Aer,
        new(AerRegisters.RootErrorCommand, 4, AerRegisters.RootCommandWritable),
        new(AerRegisters.RootErrorStatus, 4, 0, AerRegisters.RootStatusErrors),
    ];

    private static readonly RegisterRule[] SrIov =
    [
        new(SrIovRegisters.Control, 2, SrIovRegisters.ControlWritable),
        new(SrIovRegisters.NumVfs, 2, 0xFFFF),
        new(SrIovRegisters.SystemPageSize, 4, 0xFFFFFFFF, 0, 1),
    ];

    private static readonly RegisterRule[] Ats = [new(AtsRegisters.Control, 2, AtsRegisters.ControlWritable)];

    private static readonly RegisterRule[] Pri =
    [
        new(PriRegisters.Control, 2, PriRegisters.ControlWritable),
        new(PriRegisters.Status, 2, 0, PriRegisters.StatusErrors),
        new(PriRegisters.Allocation, 4, 0xFFFFFFFF),
    ];

    private static readonly RegisterRule[] Pasid = [new(PasidRegisters.Control, 2, PasidRegisters.ControlWritable)];

    private static readonly RegisterRule[] Acs = [new(AcsRegisters.Control, 2, AcsRegisters.ControlWritable)];

    private static readonly RegisterRule[] Dpc =
    [
        new(DpcRegisters.Control, 2, DpcRegisters.ControlWritable),
        new(DpcRegisters.Status, 2, 0, DpcRegisters.StatusErrors),
    ];

    private static readonly RegisterRule[] Ltr =
    [
        new(LtrRegisters.MaxSnoop, 2, LtrRegisters.LatencyWritable),
        new(LtrRegisters.MaxNoSnoop, 2, LtrRegisters.LatencyWritable),
    ];

    private static readonly RegisterRule[] Ptm = [new(PtmRegisters.Control, 4, PtmRegisters.ControlWritable)];

    private static readonly RegisterRule[] L1Substates =
    [
        new(L1SubstatesRegisters.Control1, 4, L1SubstatesRegisters.Control1Writable),
        new(L1SubstatesRegisters.Control2, 4, L1SubstatesRegisters.Control2Writable),
    ];

    private static readonly RegisterRule[] Tph = [new(TphRegisters.Control, 4, TphRegisters.ControlWritable)];

    /// <summary>The rows of one capability.</summary>
    public static RegisterRule[] Of(IConfigSpace space, PciCapability capability, int size) =>
        capability.IsExtended ? OfExtended(space, capability, size) : OfStandard(space, capability, size);

    private static RegisterRule[] OfStandard(IConfigSpace space, PciCapability capability, int size) => capability.StandardId switch
    {
        CapabilityId.PowerManagement => PowerManagement,
        CapabilityId.Agp or CapabilityId.Agp8X => Agp,
        CapabilityId.Vpd => Vpd,
        CapabilityId.Msi => Msi(space, capability.Offset),
        CapabilityId.MsiX => MsiX,
        CapabilityId.PciX => ConfigHeader.KindOf(space) == HeaderKind.Device ? PciX : None,
        CapabilityId.PciExpress => PciExpress,
        CapabilityId.Vendor => Storage(VendorRegisters.Length + 1, size),
        _ => None,
    };

    private static RegisterRule[] OfExtended(IConfigSpace space, PciCapability capability, int size) => capability.ExtendedId switch
    {
        ExtendedCapabilityId.AdvancedErrorReporting => ConfigHeader.KindOf(space) == HeaderKind.Bridge ? AerOfRoot : Aer,
        ExtendedCapabilityId.SrIov => SrIov,
        ExtendedCapabilityId.AddressTranslation => Ats,
        ExtendedCapabilityId.PageRequest => Pri,
        ExtendedCapabilityId.Pasid => Pasid,
        ExtendedCapabilityId.AccessControl => Acs,
        ExtendedCapabilityId.DownstreamPortContainment => Dpc,
        ExtendedCapabilityId.LatencyTolerance => Ltr,
        ExtendedCapabilityId.PrecisionTime => Ptm,
        ExtendedCapabilityId.L1Substates => L1Substates,
        ExtendedCapabilityId.TphRequester => Tph,
        ExtendedCapabilityId.ResizableBar or ExtendedCapabilityId.VfResizableBar => ResizableBars(size),
        ExtendedCapabilityId.Vendor => Storage(VendorRegisters.ExtendedHeader + 4, size),
        _ => None,
    };

    private static RegisterRule[] Msi(IConfigSpace space, int at)
    {
        space.TryRead(at + MsiRegisters.Control, 2, out uint control);
        bool is64 = (control & MsiRegisters.Capable64Bit) != 0;
        var rules = new List<RegisterRule>
        {
            new(MsiRegisters.Control, 2, MsiRegisters.Enable | MsiRegisters.MultipleMessageEnable),
            new(MsiRegisters.AddressLow, 4, 0xFFFFFFFC),
            new(is64 ? MsiRegisters.Data64 : MsiRegisters.Data32, 2, 0xFFFF),
        };
        if (is64)
        {
            rules.Add(new(MsiRegisters.AddressHigh, 4, 0xFFFFFFFF));
        }

        if ((control & MsiRegisters.PerVectorMask) != 0)
        {
            rules.Add(new(is64 ? MsiRegisters.Mask64 : MsiRegisters.Mask32, 4, 0xFFFFFFFF));
        }

        return [.. rules];
    }

    private static RegisterRule[] ResizableBars(int size)
    {
        var rules = new List<RegisterRule>();
        for (int at = ResizableBarRegisters.Control; at + 4 <= size; at += ResizableBarRegisters.Stride)
        {
            rules.Add(new(at, 4, ResizableBarRegisters.BarSize));
        }

        return [.. rules];
    }

    // What a vendor keeps there is unknown: plain storage is the behaviour that contradicts no driver.
    private static RegisterRule[] Storage(int from, int size)
    {
        var rules = new List<RegisterRule>();
        for (int at = from; at < size; at++)
        {
            rules.Add(new(at, 1, 0xFF));
        }

        return [.. rules];
    }
}
