using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// The register masks of QEMU's Xen passthrough (hw/xen/xen_pt_config_init.c) as changes to our rows. Legend: Emulated bits are the
/// guest's own memory; of them, and of the rest, those not in ReadOnly can be written; Keep are the bits that start with
/// hardware's value, Set those that start as ones, all other emulated bits start as zeros. Interrupt Line starts with the
/// host's irq and not with zero: QEMU wires INTx itself, a PV guest reads the number there. Command's Interrupt Disable is emulated, so interrupt
/// control does not open it.
/// </summary>
internal static class QemuXenTable
{
    private static readonly Line[] Lines =
    [
        new("Command", Emulated: 0x0743, ReadOnly: 0xF880, Keep: 0, Set: 0),
        new("Status", Emulated: 0x0010, ReadOnly: 0x06FF, Keep: 0x0010, Set: 0),
        new("Cache Line Size", Emulated: 0xFF, ReadOnly: 0, Keep: 0, Set: 0),
        new("Latency Timer", Emulated: 0xFF, ReadOnly: 0, Keep: 0, Set: 0),
        new("Interrupt Line", Emulated: 0xFF, ReadOnly: 0, Keep: 0xFF, Set: 0),
        new("PM Capabilities", Emulated: 0xFFC8, ReadOnly: 0xFFFF, Keep: 0x01C8, Set: 0),
        new("PM Control/Status", Emulated: 0x810B, ReadOnly: 0xE1FC, Keep: 0, Set: 0x0008),
        new("PCIe Device Capabilities", Emulated: 0x10000000, ReadOnly: 0xFFFFFFFF, Keep: 0x10000000, Set: 0),
        new("PCIe Device Control", Emulated: 0xFFFF, ReadOnly: 0x8400, Keep: 0, Set: 0x2810),
        new("PCIe Link Control", Emulated: 0xFFFF, ReadOnly: 0xFC34, Keep: 0, Set: 0),
        new("PCIe Device Control 2", Emulated: 0xFFFF, ReadOnly: 0xFFE0, Keep: 0, Set: 0),
        new("PCIe Link Control 2", Emulated: 0xFFFF, ReadOnly: 0xE040, Keep: 0, Set: 0),
        new("MSI Message Control", Emulated: 0x017E, ReadOnly: 0xFF8E, Keep: 0x0100, Set: 0),

        // The guest's own message, which nobody sends: the host's is the hypervisor's.
        new("MSI Message Address", Emulated: 0xFFFFFFFF, ReadOnly: 0x00000003, Keep: 0, Set: 0),
        new("MSI Message Upper Address", Emulated: 0xFFFFFFFF, ReadOnly: 0, Keep: 0, Set: 0),
        new("MSI Message Data", Emulated: 0xFFFF, ReadOnly: 0, Keep: 0, Set: 0),
        new("MSI Mask Bits", Emulated: 0xFFFFFFFF, ReadOnly: 0xFFFFFFFF, Keep: 0, Set: 0),
    ];

    /// <summary>Capabilities QEMU shows; it unlinks all others, and refuses the extended space.</summary>
    internal static bool Shows(PciCapability capability) => !capability.IsExtended && capability.StandardId
        is CapabilityId.PowerManagement or CapabilityId.Vpd or CapabilityId.Msi or CapabilityId.Vendor
        or CapabilityId.PciExpress or CapabilityId.MsiX;

    /// <summary>Applies the table to one of our rows.</summary>
    internal static RegisterDefinition Adjust(RegisterDefinition row, int at, ReadOnceConfigSpace image)
    {
        foreach (Line line in Lines)
        {
            if (line.Name != row.Name)
            {
                continue;
            }
            // A bit that has a value of our own starts with that, whatever hardware says.
            uint first = ByteLanes.Merge(image.Read(at, row.Size), row.Value ?? 0, row.Value is null ? 0 : row.Virtual);
            uint writable = ~line.ReadOnly & ByteLanes.Mask(row.Size);
            bool isWhole = line.Emulated == ByteLanes.Mask(row.Size);
            bool keepsEffect = row.Effect is PlanAction.Command or PlanAction.MsiControl;
            return row with
            {
                Rule = keepsEffect ? WriteRule.SideEffect
                    : writable == 0 ? WriteRule.ReadOnly
                    : isWhole ? WriteRule.Virtual
                    : WriteRule.Writable,
                Virtual = line.Emulated,
                Value = (first & line.Keep) | line.Set,
                Shadow = row.Shadow & ~line.Emulated,
                Writable = row.Effect == PlanAction.MsiControl ? row.Writable : writable,
                EffectMask = keepsEffect ? row.EffectMask : 0,
                Denied = 0,
                Note = row.Effect == PlanAction.MsiControl ? row.Note
                    : isWhole || writable == 0 ? string.Empty
                    : $"bits 0x{line.Emulated:x} are the guest's own copy",
                Source = "QEMU hw/xen/xen_pt_config_init.c",
            };
        }

        return row;
    }

    private readonly record struct Line(string Name, uint Emulated, uint ReadOnly, uint Keep, uint Set);
}
