using System.Globalization;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Output;

/// <summary>What a comparison of a shadow with the hardware found, for people.</summary>
internal static class ShadowText
{
    /// <summary>Says each difference by register, or how much was compared when there is none.</summary>
    /// <returns>The exit code: 1 when there are differences.</returns>
    public static int Write(CliConsole console, IReadOnlyList<(PciAddress Address, ShadowCheck Check)> checks)
    {
        int found = 0;
        foreach ((PciAddress address, ShadowCheck? check) in checks)
        {
            foreach (ShadowDifference difference in check.Compare())
            {
                found++;
                string shadow = Hex(difference.Shadow, difference.Size);
                string hardware = Hex(difference.Hardware, difference.Size);
                console.Remark(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{address} {difference.Register} (0x{difference.Offset:x2}, {difference.Size} bytes): "
                    + $"the shadow has 0x{shadow}, the hardware 0x{hardware}"));
            }
        }

        int compared = checks.Sum(one => one.Check.Compared);
        string functions = checks.Count == 1 ? "function" : "functions";
        string result = found == 0 ? "all equal" : string.Create(CultureInfo.InvariantCulture, $"{found} differ");
        console.Remark(string.Create(
            CultureInfo.InvariantCulture, $"{compared} dwords of {checks.Count} {functions} compared with the hardware: {result}"));
        return found == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Hex(uint value, int size) => value.ToString("x" + (2 * size).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
