using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Tables;

/// <summary>Vital Product Data (PCI Local Bus 3.0 appendix I): can be read, never written.</summary>
internal static class VpdTable
{
    internal static RegisterDefinition[] Rows() =>
    [
        CapabilityHeaders.Standard("VPD"),
        new("VPD Address", VpdRegisters.Address, 2, WriteRule.SideEffect, "PCI Local Bus 3.0 appendix I")
        {
            Writable = VpdRegisters.AddressMask,
            EffectMask = 0xFFFF,
            Effect = PlanAction.VpdAddress,
            Note = "a read may be started; the write flag is refused in every policy",
        },
        new("VPD Data", VpdRegisters.Data, 4, WriteRule.ReadOnly, "PCI Local Bus 3.0 appendix I"),
    ];
}
