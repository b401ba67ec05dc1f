using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

/// <summary>Base address registers and the expansion ROM: answered from the host's resources (PCI Local Bus 3.0 §6.2.5).</summary>
internal static class BaseAddressRows
{
    internal static RegisterDefinition Bar(int index, BaseAddressAnswer answer)
        => Row($"BAR{index}", ConfigRegisters.BaseAddress0 + (4 * index), index, answer, "PCI Local Bus 3.0 §6.2.5.1");

    internal static RegisterDefinition Rom(int offset, BaseAddressAnswer answer, bool hasRom = true)
    {
        RegisterDefinition row = Row("Expansion ROM", offset, BaseAddressAnswer.Count - 1, answer, "PCI Local Bus 3.0 §6.2.5.2");
        return hasRom ? row : row with { Note = "reads 0: the policy keeps the ROM from the guest (rom); hardware gets nothing" };
    }

    private static RegisterDefinition Row(string name, int offset, int index, BaseAddressAnswer answer, string source)
        => new(name, offset, 4, WriteRule.SideEffect, source)
        {
            Virtual = All,
            Value = answer.Address,
            EffectMask = All,
            Effect = PlanAction.RestoreBaseAddress,
            Index = (byte)index,
            Note = answer.Restorable
                ? "answers its size while all its address bits are set, else the host's address; hardware gets nothing but that address back"
                : answer is { Address: 0, SizeMask: 0 }
                    ? "reads 0: the host has no resource for it; hardware gets nothing"
                    : "answers its size while all its address bits are set, else the host's address; hardware gets nothing",
        };
}
