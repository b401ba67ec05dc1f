using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Captures;

/// <summary>One function of a capture: its registers, and what the system it was captured on said besides.</summary>
/// <param name="Address">Its address where it was captured; 0000:00:00.0 for a binary file, which does not say.</param>
/// <param name="Description">The text behind the address in the dump, or empty.</param>
/// <param name="Bytes">Its configuration space from offset 0: 64 to 4096 bytes.</param>
/// <param name="Regions">What the decoded text says of its BARs (0–5) and ROM (6), and what every system says of an IDE controller's.</param>
public sealed record CapturedConfig(PciAddress Address, string Description, ReadOnlyMemory<byte> Bytes, IReadOnlyList<ReportedRegion> Regions)
{
    /// <summary>
    /// How long the space is, or may be: a short capture is not a short space. Of fewer than 256 bytes nobody can tell; 256 are all of a conventional
    /// function, and the beginning of one of PCI Express or PCI-X 2.0, whose extended space Linux finds by the same signs (drivers/pci/probe.c,
    /// pci_cfg_space_size).
    /// </summary>
    public int SpaceSize
    {
        get
        {
            var image = new ConfigImage(Bytes);
            if (ConfigHeader.KindOf(image) == HeaderKind.CardBus && Bytes.Length <= ConfigRegisters.StandardSize)
            {
                return ConfigRegisters.StandardSize;
            }

            if (Bytes.Length != ConfigRegisters.StandardSize)
            {
                return ConfigRegisters.ExtendedSize;
            }

            CapabilityList list = CapabilityWalk.Read(image);
            bool isExtended = list.TryFind(CapabilityId.PciExpress, out _)
                || (list.TryFind(CapabilityId.PciX, out PciCapability old) && ConfigHeader.KindOf(image) == HeaderKind.Device
                    && image.TryRead(old.Offset + PciXRegisters.Status, 4, out uint status) && (status & PciXRegisters.StatusMode2) != 0);
            return isExtended ? ConfigRegisters.ExtendedSize : ConfigRegisters.StandardSize;
        }
    }

    /// <summary>
    /// Whether it is an SR-IOV virtual function: its ids read all ones by specification (SR-IOV 1.1 §3.4.1.1 and §3.4.1.2), while the rest of its header
    /// does not.
    /// </summary>
    public bool IsVirtualFunction
    {
        get
        {
            var image = new ConfigImage(Bytes);
            return image.TryRead(ConfigRegisters.VendorId, 4, out uint ids) && NoAnswer.Is(ids, 4)
                && !NoAnswer.From(image) && ConfigHeader.KindOf(image) == HeaderKind.Device;
        }
    }

    /// <summary>The ids as the system knew them: of a virtual function from the dump's text, of others from their registers.</summary>
    /// <param name="vendor">Vendor id; FFFF when nobody says.</param>
    /// <param name="device">Device id; FFFF when nobody says.</param>
    /// <returns>False for a virtual function of which the dump does not tell.</returns>
    public bool TryIds(out ushort vendor, out ushort device)
    {
        if (IsVirtualFunction)
        {
            return DumpedIds.TryFind(Description, out vendor, out device);
        }

        var image = new ConfigImage(Bytes);
        image.TryRead(ConfigRegisters.VendorId, 4, out uint ids);
        (vendor, device) = ((ushort)ids, (ushort)(ids >> 16));
        return true;
    }
}
