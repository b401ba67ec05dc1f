using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Insight;

/// <summary>
/// A guest's access as a line of some log has it: this daemon's own line of a denied write, or Linux xen-pciback's lines of <c>verbose_request</c> (since 5.8
/// of dynamic debug) and its one warning for each device (drivers/xen/xen-pciback/conf_space.c). What stands before it on the line does not matter.
/// </summary>
/// <param name="Function">The host's function.</param>
/// <param name="Register">The register's name, in the daemon's lines; else null.</param>
/// <param name="Offset">The offset; −1 when the name alone says it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="IsWrite">Whether it writes.</param>
/// <param name="Value">What was written; null when the line does not say.</param>
public sealed record LoggedAccess(PciAddress Function, string? Register, int Offset, int Size, bool IsWrite, uint? Value)
{
    /// <summary>Reads a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="access">What it says; null when it says nothing of an access.</param>
    /// <returns>Whether it does.</returns>
    public static bool TryParse(string line, [NotNullWhen(true)] out LoggedAccess? access) =>
        TryDaemon(line, out access) || TryRequest(line, out access) || TryWarning(line, out access);

    /// <summary>The accesses to learn from.</summary>
    /// <param name="function">The function; only read.</param>
    /// <param name="policy">The policy that names its registers.</param>
    /// <param name="logged">What was logged, in its order.</param>
    /// <returns>
    /// The accesses. A write whose value is not known becomes two, of all zeros and of all ones, so that every bit is written that a policy could open; a
    /// register that the function does not have none.
    /// </returns>
    /// <exception cref="UnsupportedFunctionException">A CardBus bridge, or a function that does not answer.</exception>
    public static IEnumerable<ConfigAccess> Locate(IPciFunction function, AccessPolicy policy, IEnumerable<LoggedAccess> logged)
    {
        ConfigSpaceMap map = FunctionPermissions.Compile(function, policy).Map;
        foreach (LoggedAccess one in logged)
        {
            if (!one.TryOffset(map, out int offset))
            {
                continue;
            }

            if (one is { IsWrite: true, Value: null })
            {
                yield return new(offset, one.Size, 0);
                yield return new(offset, one.Size, NoAnswer.Of(one.Size));
            }
            else
            {
                yield return new(offset, one.Size, one.IsWrite ? one.Value : null);
            }
        }
    }

    // A name may end like the place that follows a name: the longer one first.
    private bool TryOffset(ConfigSpaceMap map, out int offset)
    {
        offset = Offset;
        if (Register is null)
        {
            return true;
        }

        foreach (RegisterRow row in map.Rows)
        {
            if (row.Name == Register)
            {
                offset = (Offset >= 0 ? Offset : row.Offset) & -Size;
                return true;
            }
        }

        return Split(Register) is { } parts && (this with { Register = parts.Name, Offset = parts.Offset }).TryOffset(map, out offset);
    }

    // "write 0x0400 to 04:00.0 PCIe Device Control denied by default policy" (DeniedWriteLog).
    private static bool TryDaemon(string line, [NotNullWhen(true)] out LoggedAccess? access)
    {
        access = null;
        int at = line.IndexOf("write 0x", StringComparison.Ordinal);
        int end = line.LastIndexOf(" denied ", StringComparison.Ordinal);
        if (at < 0 || end < at)
        {
            return false;
        }

        string[] words = line[at..end].Split(' ', 5);
        return words is ["write", ['0', 'x', .. var digits], "to", var address, var register]
            && digits.Length is 2 or 4 or 8 && TryHex(digits, out uint value)
            && PciAddress.TryParse(address, out PciAddress function, out _, out _)
            && (access = new(function, register, -1, digits.Length / 2, IsWrite: true, value)) is not null;
    }

    // "…0000:03:00.0: write request 2 bytes at 0x4 = 107", "…0000:03:00.0: read 4 bytes at 0x0"; the line after a read's answer repeats it.
    private static bool TryRequest(string line, [NotNullWhen(true)] out LoggedAccess? access)
    {
        access = null;
        bool isWrite = line.Contains(": write request ", StringComparison.Ordinal);
        string begin = isWrite ? ": write request " : ": read ";
        int at = line.IndexOf(begin, StringComparison.Ordinal);
        if (at < 0 || AddressIn(line[..(at + 1)]) is not { } function)
        {
            return false;
        }

        string[] words = line[(at + begin.Length)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var size, "bytes", "at", ['0', 'x', .. var offset], .. var rest]
            || !TrySize(size, out int bytes) || !TryOffset(offset, out int place))
        {
            return false;
        }

        uint value = 0;
        if (isWrite && (rest is not ["=", var written, ..] || !TryHex(written, out value)))
        {
            return false;
        }

        access = new(function, null, place, bytes, isWrite, isWrite ? value : null);
        return true;
    }

    // "…0000:03:00.0: Driver tried to write to a read-only configuration space field at offset 0xe0, size 2. This may be …"
    private static bool TryWarning(string line, [NotNullWhen(true)] out LoggedAccess? access)
    {
        const string Begin = "read-only configuration space field at offset 0x";
        access = null;
        int at = line.IndexOf(Begin, StringComparison.Ordinal);
        if (at < 0 || AddressIn(line[..at]) is not { } function)
        {
            return false;
        }

        string[] words = line[(at + Begin.Length)..].Split([',', ' ', '.'], StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var offset, "size", var size, ..] || !TryOffset(offset, out int place) || !TrySize(size, out int bytes))
        {
            return false;
        }

        access = new(function, null, place, bytes, IsWrite: true, null);
        return true;
    }

    private static (string Name, int Offset)? Split(string text)
    {
        const string At = " at 0x";
        int at = text.LastIndexOf(At, StringComparison.Ordinal);
        return at > 0 && TryOffset(text[(at + At.Length)..], out int offset) ? (text[..at], offset) : null;
    }

    // The kernel's prefix has the driver's name before or behind the address.
    private static PciAddress? AddressIn(string text)
    {
        foreach (string word in text.Split([' ', '\t', ']', '['], StringSplitOptions.RemoveEmptyEntries))
        {
            string bare = word.TrimEnd(':');
            if (bare.Contains('.', StringComparison.Ordinal) && bare.AsSpan().Count(':') == 2
            && PciAddress.TryParse(bare, out PciAddress address, out _, out _))
            {
                return address;
            }
        }

        return null;
    }

    private static bool TryHex(string text, out uint value) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private static bool TryOffset(string text, out int offset)
    {
        bool isOffset = TryHex(text, out uint value) && value <= 0xFFF;
        offset = (int)value;
        return isOffset;
    }

    private static bool TrySize(string text, out int size) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size is 1 or 2 or 4;
}
