using System.Globalization;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;

namespace PciBackFlow.Cli.Output;

/// <summary>
/// <c>explain</c> for people: what was asked and answered, then by which registers' rules, what reached hardware,
/// what was dropped and how to allow it.
/// </summary>
internal static class ExplainText
{
    private const string Indent = "  ";

    /// <param name="output">Where to.</param>
    /// <param name="shortness">Why some of the function is not known (<see cref="Backend.Devices.Description.Shortness"/>); null when all of it is.</param>
    /// <param name="accesses">The accesses as typed, and what happened.</param>
    public static void Write(TextWriter output, string? shortness, IReadOnlyList<(string Words, ExplainedAccess Access)> accesses)
    {
        foreach ((string? words, ExplainedAccess? access) in accesses)
        {
            string value = Hex(access.Value, access.Size);
            string what = access.Access == HardwareAccess.Write
                ? $"write {Place(access.Offset, access.Size)} = {value}"
                : $"read {Place(access.Offset, access.Size)}";
            if (!access.IsKnown)
            {
                output.WriteLine($"{words}: {what} -> unknown: {shortness}");
                continue;
            }

            string answer = access.Access == HardwareAccess.Read && access.Status == "success" ? value : access.Status;
            output.WriteLine($"{words}: {what} -> {answer}");
            foreach (ExplainedRow row in access.Rows)
            {
                output.WriteLine($"{Indent}{row.Register} ({Place(row.Offset, row.Size)}): {row.Rule}");
                output.WriteLine($"{Indent}{Indent}by {row.Source}");
            }

            if (access.Rows.Count == 0)
            {
                output.WriteLine($"{Indent}no register: outside the function's space, or not a naturally aligned access");
            }

            output.WriteLine(access.Hardware.Count == 0
                ? $"{Indent}hardware: not touched"
                : $"{Indent}hardware: {string.Join(", ", access.Hardware.Select(Step))}");
            if (access.DeniedBits != 0)
            {
                output.WriteLine($"{Indent}denied: bits {Hex(access.DeniedBits, access.Size)} were dropped");
                WriteRemedy(output, access);
            }
        }
    }

    /// <summary>The dropped part of a write: as it was typed, by which registers, which bits.</summary>
    public static string DeniedPart(ExplainedAccess access)
    {
        string write = $"{Place(access.Offset, access.Size)}={access.Value.ToString("x", CultureInfo.InvariantCulture)}";
        string registers = string.Join(", ", access.Rows.Select(row => row.Register));
        return $"bits {Hex(access.DeniedBits, access.Size)} of the write {write} ({registers})";
    }

    private static void WriteRemedy(TextWriter output, ExplainedAccess access)
    {
        uint opened = Opened(access);
        if (access.Suggestion is not null)
        {
            string which = opened == access.DeniedBits ? "exactly these" : $"of these {Hex(opened, access.Size)}";
            string rule = JsonText.OneLine(json => PolicyFileWriter.WriteRule(json, access.Suggestion));
            output.WriteLine($"{Indent}to allow {which}, a policy file with: {rule}");
        }

        if (opened != access.DeniedBits)
        {
            output.WriteLine($"{Indent}no rule of a policy file opens {Hex(access.DeniedBits & ~opened, access.Size)}: the register's own rule decides");
        }
    }

    // The suggestion's bits in the access's lanes.
    private static uint Opened(ExplainedAccess access)
    {
        if (access.Suggestion is not { } rule)
        {
            return 0;
        }

        int from = rule.Offset + (access.Rows.FirstOrDefault(row => row.Register == rule.Register)?.Offset ?? 0);
        int shift = 8 * (from - access.Offset);
        ulong bits = shift >= 0 ? (ulong)rule.Mask << Math.Min(shift, 32) : rule.Mask >> Math.Min(-shift, 31);
        return (uint)bits & access.DeniedBits;
    }

    private static string Step(HardwareAccess step) => $"{step.Access} {Place(step.Offset, step.Size)} = {Hex(step.Value, step.Size)}";

    // As it would be typed.
    private static string Place(int offset, int size)
    {
        string suffix = size switch
        {
            1 => ".b",
            2 => ".w",
            4 => ".l",
            _ => $", {size} bytes",
        };
        return $"0x{offset.ToString("x2", CultureInfo.InvariantCulture)}{suffix}";
    }

    private static string Hex(uint value, int size) =>
        "0x" + value.ToString("x" + (2 * Math.Clamp(size, 1, 4)).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
