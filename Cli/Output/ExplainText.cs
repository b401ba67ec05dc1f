using System.Globalization;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Policy;

namespace PciBackFlow.Cli.Output;

/// <summary><c>explain</c> for people: what was asked and answered, then by which registers' rules, what reached hardware, what was dropped and how to allow it.</summary>
internal static class ExplainText
{
    private const string Indent = "  ";

    public static void Write(TextWriter output, IReadOnlyList<(string Words, ExplainedAccess Access)> accesses)
    {
        foreach (var (words, access) in accesses)
        {
            var value = Hex(access.Value, access.Size);
            var what = access.Access == HardwareAccess.Write ? $"write {Place(access.Offset, access.Size)} = {value}" : $"read {Place(access.Offset, access.Size)}";
            var answer = access.Access == HardwareAccess.Read && access.Status == "success" ? value : access.Status;
            output.WriteLine($"{words}: {what} -> {answer}");
            foreach (var row in access.Rows)
            {
                output.WriteLine($"{Indent}{row.Register} ({Place(row.Offset, row.Size)}): {row.Rule}");
                output.WriteLine($"{Indent}{Indent}by {row.Source}");
            }

            if (access.Rows.Count == 0)
                output.WriteLine($"{Indent}no register: outside the function's space, or not a naturally aligned access");
            output.WriteLine(access.Hardware.Count == 0
                ? $"{Indent}hardware: not touched"
                : $"{Indent}hardware: {string.Join(", ", access.Hardware.Select(Step))}");
            if (access.DeniedBits != 0)
                output.WriteLine($"{Indent}denied: bits {Hex(access.DeniedBits, access.Size)} were dropped");
            if (access.Suggestion is not null)
                output.WriteLine($"{Indent}to allow exactly these, a policy file with: {JsonText.OneLine(json => PolicyFileWriter.WriteRule(json, access.Suggestion))}");
            else if (access.DeniedBits != 0)
                output.WriteLine($"{Indent}no policy can allow these");
        }
    }

    /// <summary>The dropped part of a write: as it was typed, by which registers, which bits.</summary>
    public static string DeniedPart(ExplainedAccess access) =>
        $"bits {Hex(access.DeniedBits, access.Size)} of the write {Place(access.Offset, access.Size)}={access.Value.ToString("x", CultureInfo.InvariantCulture)} ({string.Join(", ", access.Rows.Select(row => row.Register))})";

    private static string Step(HardwareAccess step) => $"{step.Access} {Place(step.Offset, step.Size)} = {Hex(step.Value, step.Size)}";

    // As it would be typed.
    private static string Place(int offset, int size)
    {
        var suffix = size switch
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
