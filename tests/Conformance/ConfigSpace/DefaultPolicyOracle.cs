using PciBackFlow.Pci;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// What the default policy promises a guest, restated as a handful of rules instead of tables: the bytes it reads of a fresh
/// function, and which bits of hardware one write may change.
/// </summary>
/// <remarks>
/// Origin: the behaviour of Linux drivers/xen/xen-pciback (conf_space_header.c, conf_space_capability.c) with the
/// corrections of XSA-120, XSA-128 and XSA-129. Power states are not its: the register answers them as QEMU's hw/xen/xen_pt_config_init.c does (emu_mask
/// 0x810B, init_val 0x0008), because in D3hot memory that a guest has mapped answers with Unsupported Request (PCI Express Base 3.0 §5.3.1.4.1).
/// </remarks>
internal static class DefaultPolicyOracle
{
    private const int PowerManagement = 0x01;
    private const int VitalProductData = 0x03;

    /// <summary>The byte a guest reads of a function nobody has written to.</summary>
    public static byte VisibleByte(OracleImage image, int offset, IReadOnlyList<BaseAddress> baseAddresses)
    {
        // A register without a resource of the host's reads as not implemented; one that merely has no address keeps its low bits.
        int bar = (offset - 0x10) / 4;
        if (offset >= 0x10 && bar < image.BarCount && !baseAddresses[bar].IsPresent && !image.IsUpperHalf(0x10 + (4 * bar)))
        {
            return image.Read(0x10 + (4 * bar), 4) == 0xFFFFFFFF ? (byte)0 : image[offset];
        }

        // What the host has is what a guest gets, also where the register holds something else: legacy IDE ports, a video BIOS that the firmware copied
        // (Linux drivers/xen/xen-pciback/conf_space_header.c, bar_init).
        if (offset >= 0x10 && bar < image.BarCount && baseAddresses[bar].IsFixed)
        {
            return (byte)((((uint)baseAddresses[bar].Start & ~3u) | 1) >> (8 * (offset & 3)));
        }

        int rom = image.BarCount == 6 ? 0x30 : 0x38;
        if (offset >= rom && offset < rom + 4 && baseAddresses[6].IsPresent)
        {
            return (byte)(((uint)baseAddresses[6].Start | baseAddresses[6].Flags) >> (8 * (offset & 3)));
        }

        int power = image.Capability(PowerManagement);
        if (power >= 0)
        {
            // PMC bits 15:11 say in which states the function can signal PME: a guest has no use for it.
            if (offset == power + 3)
            {
                return (byte)(image[offset] & 0x07);
            }

            // A guest begins in D0, and nothing that it writes there resets the function: No_Soft_Reset.
            if (offset == power + 4)
            {
                return (byte)((image[offset] & ~0x03) | 0x08);
            }

            // PME_En is cleared when the function is taken over.
            if (offset == power + 5)
            {
                return (byte)(image[offset] & ~0x01);
            }
        }

        return image[offset];
    }

    public static uint Visible(OracleImage image, int offset, int size, IReadOnlyList<BaseAddress> baseAddresses)
    {
        uint value = 0;
        for (int lane = 0; lane < size; lane++)
        {
            value |= (uint)VisibleByte(image, offset + lane, baseAddresses) << (8 * lane);
        }

        return value;
    }

    /// <summary>Bits of a hardware byte that some write of a guest may change at all.</summary>
    public static byte ChangeableBits(OracleImage image, int offset)
    {
        switch (offset)
        {
            case 0x04:
                return 0x17; // I/O and memory (set only, by enabling), bus master, memory write and invalidate
            case 0x05:
            case 0x06:
            case 0x07:
                return 0;
            case 0x0C:
                return 0xFF; // cache line size
            case 0x0F:
                return 0xFF; // BIST, by its own rule
        }

        int power = image.Capability(PowerManagement);
        if (power >= 0 && offset == power + 5)
        {
            return 0x9F; // PME_Status (write one to clear), Data_Select, and PME_En, which was cleared at take-over
        }

        int vpd = image.Capability(VitalProductData);
        if (vpd >= 0 && (offset == vpd + 2 || offset == vpd + 3))
        {
            return 0xFF; // the address, with F = 0; hardware sets F when the data is there
        }

        if (vpd >= 0 && offset >= vpd + 4 && offset < vpd + 8)
        {
            return 0xFF; // the data register follows the address
        }

        return 0;
    }

    /// <summary>Whether a write may be refused with access_denied instead of being dropped silently.</summary>
    public static bool MayBeDenied(OracleImage image, int offset, int size)
    {
        foreach ((int id, int first, int length) in new[] { (PowerManagement, 4, 2), (VitalProductData, 2, 2), (0x05, 2, 2), (0x11, 2, 2) })
        {
            int capability = image.Capability(id);
            if (capability >= 0 && offset < capability + first + length && offset + size > capability + first)
            {
                return true;
            }
        }

        return false;
    }
}
