using System.Globalization;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Output;

/// <summary>
/// A capture of one function: an <c>lspci -xxxx</c> dump with the decoded lines that name what the base addresses decode, because the
/// registers alone do not tell sizes, nor what only the system knows: a virtual function's ids (<c>[vvvv:dddd]</c>, as <c>lspci -nn</c>), and regions that no
/// register holds (<c>[virtual]</c>, as lspci; <c>[fixed]</c> where the kernel says that none has to). <c>lspci -F</c> skips all of these lines.
/// </summary>
internal static class CaptureText
{
    private const int Rom = 6;

    public static void Write(TextWriter output, IPciFunction function, string description)
    {
        using var dump = new StringWriter(CultureInfo.InvariantCulture);
        LspciDumpWriter.Write(dump, function.Address, WithIds(function, description), function, function.ReadableSize);
        string text = dump.ToString();
        int firstRow = text.IndexOf('\n', StringComparison.Ordinal) + 1;
        output.Write(text.AsSpan(0, firstRow));
        for (int i = 0; i < function.BaseAddresses.Count; i++)
        {
            if (function.BaseAddresses[i] is { IsPresent: true } address)
            {
                string place = $"{(IsVirtual(function, i, address) ? " [virtual]" : string.Empty)}{(address.IsFixed ? " [fixed]" : string.Empty)}";
                output.Write($"\t{Line(i, address)}{place} [size={Size(address.Length)}]\n");
            }
        }

        output.Write(text.AsSpan(firstRow));
    }

    // The registers of a virtual function do not hold its ids: without them in the text nobody knew them any more.
    private static string WithIds(IPciFunction function, string description)
    {
        function.TryRead(ConfigRegisters.VendorId, 4, out uint held);
        string ids = string.Create(CultureInfo.InvariantCulture, $"[{function.VendorId:x4}:{function.DeviceId:x4}]");
        if (held == (((uint)function.DeviceId << 16) | function.VendorId) || description.Contains(ids, StringComparison.OrdinalIgnoreCase))
        {
            return description;
        }

        // Before the revision, as lspci -nn.
        int revision = description.LastIndexOf(" (rev ", StringComparison.Ordinal);
        return revision < 0 ? $"{description} {ids}" : $"{description[..revision]} {ids}{description[revision..]}";
    }

    // As lspci: the system has an address, the register reads 0.
    private static bool IsVirtual(IPciFunction function, int index, BaseAddress address)
    {
        int at = index == Rom ? ConfigHeader.ExpansionRomOffset(ConfigHeader.KindOf(function)) : ConfigRegisters.BaseAddress0 + 4 * index;
        bool isUpper = address.Is64Bit && index != Rom && function.TryRead(at + 4, 4, out uint upper) && upper != 0;
        return address.IsAssigned && at != 0 && !isUpper && function.TryRead(at, 4, out uint held) && (held & ~0xFu) == 0;
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

        string width = ((address.Flags >> 1) & 3) switch { 0 => "32-bit", 1 => "low-1M", 2 => "64-bit", _ => "type 3" };
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
