using System.Globalization;

namespace PciBackFlow.Pci.Sysfs;

/// <summary>Reads the files of one device's sysfs directory (Linux Documentation/ABI/testing/sysfs-bus-pci). What is absent reads as null.</summary>
internal static class SysfsAttributes
{
    private const ulong FixedResource = 0x10;
    private const ulong IoResource = 0x100;
    private const ulong MemoryResource = 0x200;
    private const ulong PrefetchResource = 0x2000;
    private const ulong Memory64Resource = 0x100000;
    private const ulong DisabledResource = 0x10000000;
    private const ulong UnsetResource = 0x20000000;

    public static string? Text(string directory, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, file)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static uint? Hex(string directory, string file)
    {
        ReadOnlySpan<char> text = Text(directory, file).AsSpan();
        if (text.StartsWith("0x"))
        {
            text = text[2..];
        }

        return uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value) ? value : null;
    }

    public static int? Decimal(string directory, string file) =>
        int.TryParse(Text(directory, file), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? value : null;

    /// <summary>The last part of where a link leads: a driver's name, a function's address.</summary>
    public static string? Link(string directory, string link)
    {
        try
        {
            string? target = new FileInfo(Path.Combine(directory, link)).LinkTarget;
            return target is null ? null : Path.GetFileName(target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static bool TryWrite(string directory, string file, string text)
    {
        try
        {
            using var stream = new FileStream(Path.Combine(directory, file), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// Lines 0 to 6 of <c>resource</c>: "0xSTART 0xEND 0xFLAGS" each; BARs 0–5 and the ROM. One byte is a resource, too: an IDE controller's port 3f6.
    /// </summary>
    public static BaseAddress[] Resources(string directory)
    {
        var result = new BaseAddress[FunctionRegions.Count];
        string[] lines = (Text(directory, "resource") ?? string.Empty).Split('\n');
        for (int i = 0; i < result.Length && i < lines.Length; i++)
        {
            string[] fields = lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 3 && TryHex(fields[0], out ulong start) && TryHex(fields[1], out ulong end) && TryHex(fields[2], out ulong flags)
                && (end > start || (end == start && start != 0))
                && (flags & (IoResource | MemoryResource)) != 0 && (flags & (DisabledResource | UnsetResource)) == 0)
            {
                result[i] = new BaseAddress(start, end - start + 1, RegisterBits(flags, i)) { IsFixed = (flags & FixedResource) != 0 };
            }
        }

        return result;
    }

    // The low nibble is the register's own; the kernel's flags say the same, and are there for entries it made up itself.
    private static uint RegisterBits(ulong flags, int index)
    {
        if (index == FunctionRegions.Rom)
        {
            return (uint)(flags & 1);
        }

        if ((flags & IoResource) != 0)
        {
            return 1;
        }

        return (uint)(flags & 0xE) | ((flags & PrefetchResource) != 0 ? 8u : 0) | ((flags & Memory64Resource) != 0 ? 4u : 0);
    }

    private static bool TryHex(string text, out ulong value) =>
        ulong.TryParse(text.AsSpan(text.StartsWith("0x", StringComparison.Ordinal) ? 2 : 0), NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture, out value);
}
