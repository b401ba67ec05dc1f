using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// MSI (PCI Local Bus 3.0 §6.8.1). The host programs address and data; a guest that could, would send interrupts of its
/// choice (XSA-128). Mask bits are the hypervisor's (XSA-129).
/// </summary>
internal static class MsiTable
{
    internal static RegisterDefinition[] Rows(ReadOnceConfigSpace image, int at, MapSettings settings)
    {
        uint control = image.Read(at + MsiRegisters.Control, 2);
        bool isWide = (control & MsiRegisters.Capable64Bit) != 0;
        int data = isWide ? MsiRegisters.Data64 : MsiRegisters.Data32;
        var rows = new List<RegisterDefinition>
        {
            CapabilityHeaders.Standard("MSI"),
            new("MSI Message Control", MsiRegisters.Control, 2, WriteRule.SideEffect, "PCI Local Bus 3.0 §6.8.1.3")
            {
                Writable = MessageControlBits(settings, MsiRegisters.Enable),
                EffectMask = 0xFFFF,
                Effect = PlanAction.MsiControl,
                Note = ControlNote(settings),
            },
            new("MSI Message Address", MsiRegisters.AddressLow, 4, WriteRule.HardDenied, "PCI Local Bus 3.0 §6.8.1.4; XSA-128"),
        };
        if (isWide)
        {
            rows.Add(new("MSI Message Upper Address", MsiRegisters.AddressHigh, 4, WriteRule.HardDenied, "PCI Local Bus 3.0 §6.8.1.5; XSA-128"));
        }

        rows.Add(new("MSI Message Data", data, 2, WriteRule.HardDenied, "PCI Local Bus 3.0 §6.8.1.6; XSA-128"));
        rows.Add(new("MSI Extended Message Data", data + 2, 2, WriteRule.HardDenied, "PCI Express Base 4.0 §7.7.1.7; XSA-128"));
        if ((control & MsiRegisters.PerVectorMask) != 0)
        {
            rows.Add(new("MSI Mask Bits", isWide ? MsiRegisters.Mask64 : MsiRegisters.Mask32, 4, WriteRule.HardDenied, "PCI Local Bus 3.0 §6.8.1.7; XSA-129"));
            rows.Add(new(
                "MSI Pending Bits", isWide ? MsiRegisters.Pending64 : MsiRegisters.Pending32, 4, WriteRule.HardDenied,
                "PCI Local Bus 3.0 §6.8.1.8; XSA-129"));
        }

        return [.. rows];
    }

    /// <summary>What becomes of a change of MSI's or MSI-X's control.</summary>
    internal static string ControlNote(MapSettings settings) => (settings & (MapSettings.Permissive | MapSettings.InterruptControl)) switch
    {
        0 => "changes are refused unless interrupt control is allowed",
        MapSettings.InterruptControl => "the enable bits are the guest's (allow_interrupt_control), other changes are refused",
        _ => "changes are written through",
    };

    internal static uint MessageControlBits(MapSettings settings, uint controlled)
        => (settings & MapSettings.Permissive) != 0 ? 0xFFFF : (settings & MapSettings.InterruptControl) != 0 ? controlled : 0;
}
