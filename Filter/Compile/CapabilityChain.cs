using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Tables;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Compile;

/// <summary>
/// The guest's view of the capability chains. Hiding a capability edits its predecessor's pointer; the hidden bytes read 0. The first extended
/// capability cannot be skipped: its header becomes a null capability that points on.
/// </summary>
internal sealed class CapabilityChain
{
    private const uint StatusCapabilityList = 0x0010;
    /// <summary>Why a capability is hidden, usually.</summary>
    internal const string ByPolicy = "hidden by policy";

    private const string Edited = "the chain leaves out capabilities that are hidden";

    private readonly List<PciCapability> _hidden;
    private readonly List<PciCapability> _standard = [];
    private readonly List<PciCapability> _extended = [];

    internal CapabilityChain(CapabilityList list, IReadOnlyList<PciCapability> hidden)
    {
        _hidden = [.. hidden];
        foreach (PciCapability capability in list.Capabilities)
        {
            (capability.IsExtended ? _extended : _standard).Add(capability);
        }
    }

    internal static RegisterDefinition NoExtendedSpace(int size)
        => new("Extended Configuration Space", 0, size - ConfigRegisters.StandardSize, WriteRule.ReadOnly, "QEMU hw/xen/xen_pt.c") { Virtual = All, Value = 0 };

    internal static RegisterDefinition[] Blank(RegisterDefinition[] rows, string why) => Array.ConvertAll(rows, row => row with
    {
        Rule = row.Rule == WriteRule.HardDenied ? row.Rule : WriteRule.ReadOnly,
        Virtual = All,
        Value = 0,
        Shadow = 0,
        Writable = 0,
        Rw1c = 0,
        EffectMask = 0,
        Note = $"{why}, reads 0",
    });

    internal bool IsHidden(PciCapability capability) => _hidden.Contains(capability);

    /// <summary>Changes the capabilities pointer, and Status when nothing is left to point to.</summary>
    internal RegisterDefinition[] AdjustHeader(RegisterDefinition[] rows)
    {
        if (_standard.Count == 0 || !IsHidden(_standard[0]))
        {
            return rows;
        }

        int first = NextVisible(_standard, -1);
        return Array.ConvertAll(rows, row => row.Name switch
        {
            "Capabilities Pointer" => row with { Rule = WriteRule.ReadOnly, Virtual = 0xFF, Value = (uint)first, Shadow = 0, Note = Edited },
            "Status" when first == 0 => row with { Virtual = StatusCapabilityList, Value = 0, Note = Edited },
            _ => row,
        });
    }

    /// <summary>Changes a capability's header when what follows it is hidden.</summary>
    internal RegisterDefinition[] AdjustCapability(PciCapability capability, RegisterDefinition[] rows)
    {
        List<PciCapability> list = capability.IsExtended ? _extended : _standard;
        int index = list.IndexOf(capability);
        bool isHidden = IsHidden(capability);
        bool isFirstExtended = capability.IsExtended && index == 0;
        bool skips = index + 1 < list.Count && IsHidden(list[index + 1]);
        if (isHidden ? !isFirstExtended : !skips)
        {
            return rows;
        }

        uint next = (uint)NextVisible(list, index);
        RegisterDefinition header = rows[0];
        rows[0] = (capability.IsExtended, isHidden) switch
        {
            // Null capability, version 0.
            (true, true) => header with { Virtual = All, Value = next << 20, Note = Edited },
            (true, false) => header with { Virtual = 0xFFF0_0000, Value = next << 20, Shadow = 0x000F_FFFF, Note = Edited },
            _ => header with { Virtual = 0xFF00, Value = next << 8, Shadow = 0x00FF, Note = Edited },
        };
        return rows;
    }

    private int NextVisible(List<PciCapability> list, int index)
    {
        for (int i = index + 1; i < list.Count; i++)
        {
            if (!IsHidden(list[i]))
            {
                return list[i].Offset;
            }
        }

        return 0;
    }
}
