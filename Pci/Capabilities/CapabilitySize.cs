using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Capabilities;

/// <summary>
/// How many bytes a capability occupies, from its id and its own header bytes (the specifications named in <c>Registers</c>).
/// A size is never trusted to stay inside the space: it is clipped to it.
/// </summary>
public static class CapabilitySize
{
    /// <summary>The size of one capability.</summary>
    /// <param name="space">The function it lies in.</param>
    /// <param name="capability">Where it lies.</param>
    /// <returns>Bytes from its first; 0 when its size is not known.</returns>
    public static int Of(IConfigSpace space, PciCapability capability)
    {
        int size = capability.IsExtended ? OfExtended(space, capability) : OfStandard(space, capability.StandardId, capability.Offset);
        int end = capability.IsExtended ? space.Size : Math.Min(space.Size, ConfigRegisters.StandardSize);
        return Math.Min(size, end - capability.Offset);
    }

    private static int OfStandard(IConfigSpace space, CapabilityId id, int at) => id switch
    {
        CapabilityId.PowerManagement => PowerManagementRegisters.Size,
        CapabilityId.Agp => 12,
        CapabilityId.Agp8X => 12,
        CapabilityId.Vpd => VpdRegisters.Size,
        CapabilityId.SlotId => 4,
        CapabilityId.Msi => OfMsi(Word(space, at + MsiRegisters.Control)),
        CapabilityId.HotSwap => 4,
        CapabilityId.PciX => OfPciX(space, at),
        CapabilityId.HyperTransport => OfHyperTransport(Word(space, at + 2)),
        // The length byte counts the header too; less than the header is a lie, and the header is there all the same.
        CapabilityId.Vendor => Math.Max(3, (int)Byte(space, at + VendorRegisters.Length)),
        CapabilityId.DebugPort => 4,
        CapabilityId.HotPlug => 8,
        CapabilityId.Subsystem => SubsystemRegisters.Size,
        CapabilityId.PciExpress => OfPciExpress(Word(space, at + PciExpressRegisters.Capabilities)),
        CapabilityId.MsiX => MsiXRegisters.Size,
        // 8 bytes; 16 when the index/data pair lies in configuration space (BAR location 1111b; Serial ATA AHCI 1.3 §2.4).
        CapabilityId.Sata => (Dword(space, at + 4) & 0xF) == 0xF ? 16 : 8,
        CapabilityId.AdvancedFeatures => AdvancedFeaturesRegisters.Size,
        CapabilityId.EnhancedAllocation => OfEnhancedAllocation(space, at),
        _ => 0,
    };

    // PCI Local Bus 3.0 §6.8.1, figure 6-9: four layouts.
    private static int OfMsi(uint control) => (control & (MsiRegisters.Capable64Bit | MsiRegisters.PerVectorMask)) switch
    {
        0 => 10,
        MsiRegisters.Capable64Bit => 14,
        MsiRegisters.PerVectorMask => 20,
        _ => 24,
    };

    // PCI Express Base 3.0 §7.8: version 1 ends behind the last register its type has; version 2 has them all,
    // but an integrated endpoint has no link and no slot.
    private static int OfPciExpress(uint capabilities)
    {
        uint type = (capabilities & PciExpressRegisters.DeviceType) >> 4;
        bool isIntegrated = type is PciExpressRegisters.TypeIntegratedEndpoint;
        if ((capabilities & PciExpressRegisters.Version) >= 2)
        {
            return isIntegrated ? 0x2C : 0x3C;
        }

        if (type is PciExpressRegisters.TypeRootPort or PciExpressRegisters.TypeEventCollector)
        {
            return 0x24;
        }

        if ((capabilities & PciExpressRegisters.SlotImplemented) != 0)
        {
            return 0x1C;
        }

        return isIntegrated ? 0x0C : 0x14;
    }

    // PCI-X 2.0 §7.2 and §8.6: version 0 has no ECC registers.
    private static int OfPciX(IConfigSpace space, int at)
    {
        bool hasEcc = (Word(space, at + PciXRegisters.Command) & PciXRegisters.Version) != 0;
        if (ConfigHeader.KindOf(space) == HeaderKind.Bridge)
        {
            return hasEcc ? 32 : 16;
        }

        return hasEcc ? 24 : 8;
    }

    // HyperTransport I/O Link 3.10 §7: three bits of type for the two interfaces, five for the others.
    private static int OfHyperTransport(uint command) => (command >> 13) switch
    {
        0 => 28,
        1 => 24,
        _ => (command >> 11) switch
        {
            0b10101 => (command & 2) != 0 ? 4 : 12,
            0b10000 => 8,
            _ => 4,
        },
    };

    // Enhanced Allocation ECN: 4 bytes, type 1 headers 8, then each entry's own length in dwords behind its first.
    private static int OfEnhancedAllocation(IConfigSpace space, int at)
    {
        uint entries = Byte(space, at + 2) & 0x3F;
        int size = ConfigHeader.KindOf(space) == HeaderKind.Bridge ? 8 : 4;
        for (int i = 0; i < entries && at + size + 4 <= ConfigRegisters.StandardSize; i++)
        {
            size += 4 * (1 + (int)(Dword(space, at + size) & 7));
        }

        return size;
    }

    private static int OfExtended(IConfigSpace space, PciCapability capability)
    {
        int at = capability.Offset;
        switch (capability.ExtendedId)
        {
            case ExtendedCapabilityId.AdvancedErrorReporting:
                return capability.Version >= 2 ? 0x48 : 0x38;
            case ExtendedCapabilityId.VirtualChannel:
            case ExtendedCapabilityId.MultiFunctionVirtualChannel:
            case ExtendedCapabilityId.VirtualChannel9:
                // PCI Express Base 3.0 §7.11: 16 bytes, 12 for each resource of VC 0 and the extended ones; tables behind are opaque.
                return 16 + 12 * (1 + (int)(Dword(space, at + 4) & 7));
            case ExtendedCapabilityId.DeviceSerialNumber:
            case ExtendedCapabilityId.RootInternalLink:
            case ExtendedCapabilityId.DataLinkFeature:
            case ExtendedCapabilityId.ReadinessTime:
                return 12;
            case ExtendedCapabilityId.PowerBudgeting:
                return 16;
            case ExtendedCapabilityId.RootLinkDeclaration:
                return 16 + 16 * (int)((Dword(space, at + 4) >> 8) & 0xFF);
            case ExtendedCapabilityId.EventCollector:
                return capability.Version >= 2 ? 12 : 8;
            case ExtendedCapabilityId.RootRegisterBlock:
                return 20;
            case ExtendedCapabilityId.Vendor:
            case ExtendedCapabilityId.DesignatedVendor:
                return Math.Max(8, (int)(Dword(space, at + VendorRegisters.ExtendedHeader) >> VendorRegisters.ExtendedLengthShift));
            case ExtendedCapabilityId.AccessControl:
                return OfAccessControl(Word(space, at + AcsRegisters.Capability));
            case ExtendedCapabilityId.AlternativeRouting:
            case ExtendedCapabilityId.AddressTranslation:
            case ExtendedCapabilityId.LatencyTolerance:
            case ExtendedCapabilityId.Pasid:
            case ExtendedCapabilityId.LnRequester:
                return 8;
            case ExtendedCapabilityId.SrIov:
                return SrIovRegisters.Size;
            case ExtendedCapabilityId.Multicast:
                return 0x30;
            case ExtendedCapabilityId.PageRequest:
                return PriRegisters.Size;
            case ExtendedCapabilityId.ResizableBar:
            case ExtendedCapabilityId.VfResizableBar:
                // One to six pairs; other counts are lies.
                return 4 + ResizableBarRegisters.Stride * Math.Clamp((int)((Dword(space, at + ResizableBarRegisters.Control) >> 5) & 7), 1, 6);
            case ExtendedCapabilityId.DynamicPower:
                // 16 bytes, then one allocation byte for each substate.
                return 16 + 1 + (int)(Dword(space, at + 4) & 0x1F);
            case ExtendedCapabilityId.TphRequester:
                return OfTph(Dword(space, at + TphRegisters.Capability));
            case ExtendedCapabilityId.DownstreamPortContainment:
                return OfPortContainment(Word(space, at + DpcRegisters.Capability));
            case ExtendedCapabilityId.L1Substates:
                return capability.Version >= 2 ? 20 : L1SubstatesRegisters.Size;
            case ExtendedCapabilityId.PrecisionTime:
                return PtmRegisters.Size;
            case ExtendedCapabilityId.EnclosureManagement:
            case ExtendedCapabilityId.FrsQueueing:
                return 16;
            case ExtendedCapabilityId.DataObjectExchange:
                return 24;
            default:
                return 0;
        }
    }

    private static int OfAccessControl(uint capability)
    {
        if ((capability & AcsRegisters.EgressControl) == 0)
        {
            return AcsRegisters.EgressVector;
        }

        int bits = (int)(capability >> 8);
        return AcsRegisters.EgressVector + ((bits == 0 ? 256 : bits) + 31) / 32 * 4;
    }

    private static int OfTph(uint capability) =>
        (capability & TphRegisters.TableLocation) == 0x200
            ? TphRegisters.Table + ((int)((capability >> 16) & 0x7FF) + 1) * 2
            : TphRegisters.Table;

    // PCI Express Base 4.0 §7.9.15: bits 12:8 and, in 6.0, more: RP PIO log size in dwords; 4 are the header log.
    private static int OfPortContainment(uint capability) =>
        (capability & DpcRegisters.RootPortExtensions) == 0
            ? DpcRegisters.Size
            : DpcRegisters.RootPortSize + Math.Max(0, (int)((capability >> 8) & 0xF) - 4) * 4;

    private static uint Byte(IConfigSpace space, int at) => space.TryRead(at, 1, out uint value) ? value : 0;

    private static uint Word(IConfigSpace space, int at) => space.TryRead(at, 2, out uint value) ? value : 0;

    private static uint Dword(IConfigSpace space, int at) => space.TryRead(at, 4, out uint value) ? value : 0;
}
