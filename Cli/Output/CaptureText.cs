using System.Globalization;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Captures;

namespace PciBackFlow.Cli.Output;

/// <summary>
/// A capture of one function: an <c>lspci -xxxx</c> dump with the decoded lines that name what the base addresses decode, because the
/// registers alone do not tell sizes.
/// </summary>
internal static class CaptureText
{
    private const int Rom = 6;

    public static void Write(TextWriter output, IPciFunction function, string description)
    {
        using var dump = new StringWriter(CultureInfo.InvariantCulture);
        LspciDumpWriter.Write(dump, function.Address, description, function, function.ReadableSize);
        string text = dump.ToString();
        int firstRow = text.IndexOf('\n', StringComparison.Ordinal) + 1;
        output.Write(text.AsSpan(0, firstRow));
        for (int i = 0; i < function.BaseAddresses.Count; i++)
        {
            if (function.BaseAddresses[i] is { IsPresent: true } address)
            {
                output.Write($"\t{Line(i, address)} [size={Size(address.Length)}]\n");
            }
        }

        output.Write(text.AsSpan(firstRow));
    }

    private static string Line(int index, BaseAddress address)
    {
        string start = address.Start.ToString(address.Start > uint.MaxValue ? "x16" : address.IsIo && index != Rom ? "x4" : "x8", CultureInfo.InvariantCulture);
        if (index == Rom)
        {
            return $"Expansion ROM at {start}";
        }

        if (address.IsIo)
        {
            return $"Region {index}: I/O ports at {start}";
        }

        string width = address.Is64Bit ? "64-bit" : "32-bit";
        return $"Region {index}: Memory at {start} ({width}, {((address.Flags & 8) != 0 ? "prefetchable" : "non-prefetchable")})";
    }

    private static string Size(ulong length)
    {
        // As lspci: the largest unit that divides it.
        int unit = 0;
        while (unit < 4 && length >= 1024 && length % 1024 == 0)
        {
            length /= 1024;
            unit++;
        }

        return length.ToString(CultureInfo.InvariantCulture) + (unit == 0 ? string.Empty : "KMGT"[unit - 1].ToString());
    }
}
