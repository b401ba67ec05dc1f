using PciBackFlow.Stages.Filter;

namespace PciBackFlow.Backend.Insight;

/// <summary>Finds the smallest policy rule that would have let a denied write through.</summary>
internal static class RuleSuggestion
{
    /// <summary>The rule, or null when nothing was denied or no policy may open what was.</summary>
    /// <param name="access">The write.</param>
    /// <param name="denied">The dropped bits, in its lanes.</param>
    /// <param name="rows">The registers it touched.</param>
    public static PolicyRule? For(ConfigAccess access, uint denied, IReadOnlyList<RegisterRow> rows)
    {
        uint openable = 0;
        RegisterRow? only = null;
        int touched = 0;
        foreach (RegisterRow row in rows)
        {
            // Between the lanes of the register and those of the access.
            int shift = (access.Offset - row.Offset) * 8;
            uint allowable = row.Size > sizeof(uint) ? (row.Allowable == 0 ? 0 : uint.MaxValue) : row.Allowable;
            uint mine = denied & Lanes(row, access) & Shift(allowable, -shift, row.Size > sizeof(uint));
            if (mine == 0)
                continue;
            openable |= mine;
            only = row;
            touched++;
        }

        if (only is null)
            return null;
        string reason = $"the guest wrote 0x{access.WriteValue:x} to offset 0x{access.Offset:x}";

        // Several registers, or a long one: by offset. One register: by its name, which survives a move of its capability.
        if (touched > 1)
            return new() { Offset = access.Offset, Size = access.Size, Mask = openable, Reason = reason };
        return only.Size <= sizeof(uint)
            ? new() { Register = only.Name, Mask = Shift(openable, (access.Offset - only.Offset) * 8, isLong: false), Reason = reason }
            : new() { Register = only.Name, Offset = access.Offset - only.Offset, Size = access.Size, Mask = openable, Reason = reason };
    }

    private static uint Lanes(RegisterRow row, ConfigAccess access)
    {
        uint lanes = 0;
        for (int i = 0; i < access.Size; i++)
        {
            int at = access.Offset + i;
            if (at >= row.Offset && at < row.Offset + row.Size)
                lanes |= 0xFFu << (i * 8);
        }

        return lanes;
    }

    private static uint Shift(uint bits, int by, bool isLong) => isLong ? bits
        : by is <= -32 or >= 32 ? 0
        : by >= 0 ? bits << by : bits >> -by;
}
