namespace PciBackFlow.Filter.Insight;

/// <summary>
/// What is dangerous to open, as a table: registers whose effect leaves the function and its guest. Legend: the register's name in the
/// filter's tables, the bits, what can come of them, where that is said.
/// </summary>
internal static class HazardTable
{
    internal static IReadOnlyList<Line> Lines { get; } =
    [
        new("PCIe Device Control", 0x00E0,
            "Max Payload Size: a payload larger than what every port on the way takes is a malformed packet, a fatal error that takes the link down "
            + "(PCI Express Base 3.0 §2.2.2); smaller than the host's is harmless. Leave it answered (answer_tuning)"),
        new(
            "PCIe Device Control", 0x0200,
            "Phantom Functions: its requests come under numbers that the IOMMU does not know as the guest's (vfio_pci_config.c)"),
        new(
            "PCIe Device Control", 0x000F,
            "error reporting: what the guest makes fail is reported to the host's ports, and firmware may take a fatal one for the host's own"),
        new("PCIe Device Control 2", 0x0020, "ARI Forwarding is the port's to decide (vfio_pci_config.c)"),
        new("PCIe Device Control 2", 0x1000, "tags of 10 bits: where the way to memory has not got them, completions are lost (PCI Express Base 4.0 §2.2.6.2)"),
        new(
            "PCIe Link Control", 0x0133,
            "ASPM, clock power management, retraining and disabling of the link are decided with the port at its other end (PCI Express Base 3.0 §5.4.1)"),
        new("PCIe Link Control 2", 0xFFFF, "speed and margins of the link are decided with the port at its other end (PCI Express Base 3.0 §7.8.19)"),
        new("PCIe Slot Control", 0xFFFF, "power and events of a slot of the host's"),
        new("PCIe Root Control", 0xFFFF, "how the host learns of errors"),
        new("AER Uncorrectable Error Mask", uint.MaxValue, "errors of the device that the host no longer hears of, or begins to hear of"),
        new("AER Uncorrectable Error Severity", uint.MaxValue, "an error that is made fatal resets the link, or the host where firmware handles errors"),
        new("AER Correctable Error Mask", uint.MaxValue, "a flood of messages to the host's ports"),
        new("AER Root Error Command", uint.MaxValue, "how the host learns of errors"),
        new("L1 PM Substates Control 1", uint.MaxValue, "substates of the link are decided with the port at its other end (PCI Express Base 3.1 §5.5)"),
    ];

    /// <summary>Legacy support of a UHCI controller (class 0c0300) at 0xc0: bits 0 to 5 and 7 raise system management interrupts of the host.</summary>
    internal static Line UhciLegacy { get; } = new("USBLEGSUP", 0x00BF, "SMIs of the host's firmware, at the guest's will (UHCI Design Guide 1.1 §5.2.1)");

    /// <summary>A line.</summary>
    /// <param name="Register">The register.</param>
    /// <param name="Bits">The bits, in its own lanes.</param>
    /// <param name="Words">What can come of them.</param>
    internal sealed record Line(string Register, uint Bits, string Words);
}
