using System.Globalization;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>What policy dropped of a guest's writes to one register, and what would allow it.</summary>
/// <param name="Register">The register's name.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="Bits">The bits that were dropped of some write, hexadecimal, in the register's lanes (of one of its dwords).</param>
/// <param name="Count">How many writes; of registers in one dword those of any of them.</param>
/// <param name="Rule">The rule that would let them through; null when no policy can.</param>
public sealed record DeniedWriteReport(string Register, int Offset, string Bits, long Count, RuleReport? Rule)
{
    /// <summary>Describes what was denied of a function.</summary>
    /// <param name="function">The function.</param>
    /// <returns>A report for each register.</returns>
    public static IReadOnlyList<DeniedWriteReport> Of(FunctionSnapshot function)
    {
        List<DeniedWriteReport> reports = [];
        ConfigSpaceMap map = function.Map;
        foreach (DeniedRegister denied in function.Denied)
        {
            foreach (RegisterRow row in map.RowsAt(denied.Offset, 4))
            {
                uint lanes = 0;
                int from = Math.Max(row.Offset, denied.Offset);
                int to = Math.Min(row.Offset + row.Size, denied.Offset + 4);
                for (int at = from; at < to; at++)
                {
                    lanes |= ByteLanes.Lanes(at, 1);
                }

                if ((denied.Bits & lanes) == 0)
                {
                    continue;
                }

                PolicyRule? rule = PolicySuggestion.OneFor(map, denied.Offset, 4, denied.Bits & lanes);
                reports.Add(new(
                    row.Name, from, "0x" + ((denied.Bits & lanes) >> (8 * (from & 3))).ToString($"x{2 * (to - from)}", CultureInfo.InvariantCulture),
                    denied.Count, rule is null ? null : RuleReport.Of(rule)));
            }
        }

        return reports;
    }
}
