using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Insight;

/// <summary>
/// An access in setpci's words (pciutils, setpci.c): <c>OFFSET[+OFFSET][.b|.w|.l][@N][=VALUE[:MASK]]</c>, numbers hexadecimal with or without <c>0x</c>. OFFSET
/// is a number, a register name, or a capability (<c>CAP_PM</c>, <c>CAP05</c>, <c>ECAP_AER</c>, <c>ECAP108</c>), of which <c>@N</c> is the N-th in the list's
/// order, from 0. With a mask the register is read first and only the mask's bits are changed. Without a size it is the register's, else 4 bytes. Unlike
/// with setpci, misaligned and out-of-space accesses are expressible: a guest can send them; and <c>@N</c> of what is no capability is refused, where
/// setpci ignores it.
/// </summary>
public sealed class AccessExpression
{
    private readonly string _text;
    private readonly ushort? _capability;
    private readonly bool _isExtended;
    private readonly int _instance;
    private readonly int _offset;
    private readonly int _size;
    private readonly uint? _value;
    private readonly uint? _mask;

    private AccessExpression(string text, ushort? capability, bool isExtended, int instance, int offset, int size, uint? value, uint? mask) =>
        (_text, _capability, _isExtended, _instance, _offset, _size, _value, _mask) = (text, capability, isExtended, instance, offset, size, value, mask);

    /// <summary>Whether it names an extended capability; null when it names none.</summary>
    public bool? NamesExtended => _capability is null ? null : _isExtended;

    /// <summary>Reads one expression.</summary>
    /// <param name="text">What a person typed.</param>
    /// <param name="expression">The expression; null when refused.</param>
    /// <param name="error">What is wrong and where; null when accepted.</param>
    /// <returns>Whether it is an expression.</returns>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out AccessExpression? expression, [NotNullWhen(false)] out AccessSyntaxError? error)
    {
        expression = null;
        int at = 0;
        int size = 4;
        int instance = 0;
        ushort? capability = null;
        bool isExtended = false;
        uint offset = 0;

        int end = EndOf(text, at, ".=+@");
        ReadOnlySpan<char> head = text.AsSpan(0, end);
        if (head.IsEmpty)
        {
            return Refuse(0, "an access begins with an offset or a register name", out error);
        }

        if (!TryHex(head, 8, out offset))
        {
            if (SetpciRegisters.TryFind(head, out int register, out int width))
            {
                offset = (uint)register;
                size = width;
            }
            else if (!TryCapability(head, out capability, out isExtended))
            {
                // A number with one wrong digit deserves its digit shown; a word is wrong as a whole.
                int bad = char.IsAsciiDigit(head[0]) ? FirstBadDigit(head) : 0;
                return Refuse(bad, bad > 0 ? "not a hexadecimal digit" : $"unknown register '{head}'; 'setpci --dumpregs' lists the names", out error);
            }
        }

        // setpci's order is +OFFSET, .WIDTH, @N; any order is understood, each once.
        string seen = string.Empty;
        for (at = end; at < text.Length && text[at] != '='; at = end)
        {
            char suffix = text[at];
            end = EndOf(text, at + 1, ".=+@");
            ReadOnlySpan<char> word = text.AsSpan(at + 1, end - at - 1);
            if (seen.Contains(suffix, StringComparison.Ordinal))
            {
                return Refuse(at, $"a second '{suffix}'", out error);
            }

            seen += suffix;
            switch (suffix)
            {
                case '@':
                    if (capability is null)
                    {
                        return Refuse(at, "only a capability has instances", out error);
                    }

                    if (!TryHex(word, 3, out uint nth))
                    {
                        return Refuse(at + 1, "a hexadecimal instance follows '@'", out error);
                    }

                    instance = (int)nth;
                    break;
                case '+':
                    if (!TryHex(word, 8, out uint more))
                    {
                        return Refuse(at + 1, "a hexadecimal offset follows '+'", out error);
                    }

                    offset = unchecked(offset + more);
                    break;
                default:
                    size = word.IsEmpty ? 0 : SizeOf(word[0]);
                    if (size == 0)
                    {
                        return Refuse(at + 1, "a size is .b, .w or .l", out error);
                    }

                    if (word.Length > 1)
                    {
                        return Refuse(at + 2, "expected '@', '=' or the end", out error);
                    }

                    break;
            }
        }

        uint? value = null;
        uint? mask = null;
        if (at < text.Length)
        {
            int colon = text.IndexOf(':', at + 1);
            if (text.IndexOf(',', at + 1) is > 0 and var comma)
            {
                return Refuse(comma, "one value for each register: write the next ones as accesses of their own", out error);
            }

            if (!TryValue(text, at + 1, colon < 0 ? text.Length : colon, size, "value", out uint number, out error))
            {
                return false;
            }

            value = number;
            if (colon >= 0)
            {
                if (!TryValue(text, colon + 1, text.Length, size, "mask", out number, out error))
                {
                    return false;
                }

                mask = number;
                value &= mask;
            }
        }

        expression = new(text, capability, isExtended, instance, unchecked((int)offset), size, value, mask);
        error = null;
        return true;
    }

    /// <summary>Finds the access in a function: a capability's offset is the function's own.</summary>
    /// <param name="capabilities">The function's capabilities.</param>
    /// <param name="access">The access; default when refused.</param>
    /// <param name="error">What is missing; null when found.</param>
    /// <returns>Whether the function has what the expression names.</returns>
    public bool TryResolve(CapabilityList capabilities, out ConfigAccess access, [NotNullWhen(false)] out AccessSyntaxError? error)
    {
        error = null;
        int offset = _offset;
        if (_capability is { } id)
        {
            int seen = 0;
            PciCapability? found = null;
            foreach (PciCapability one in capabilities.Capabilities)
            {
                if (one.Id == id && one.IsExtended == _isExtended && seen++ == _instance)
                {
                    found = one;
                }
            }

            if (found is not { } capability)
            {
                access = default;
                error = new(0, seen == 0
                    ? $"the function has no such capability: '{_text[..EndOf(_text, 0, ".=+@")]}'"
                    : $"the function has only {seen} of '{_text[..EndOf(_text, 0, ".=+@")]}'");
                return false;
            }

            offset = unchecked(capability.Offset + _offset);
        }

        access = new(offset, _size, _value) { Mask = _mask };
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    private static bool Refuse(int position, string message, out AccessSyntaxError? error)
    {
        error = new(position, message);
        return false;
    }

    private static int EndOf(string text, int begin, ReadOnlySpan<char> stops)
    {
        int length = text.AsSpan(begin).IndexOfAny(stops);
        return length < 0 ? text.Length : begin + length;
    }

    // As setpci: what sign extension would make of a narrow value passes, and loses its upper bits.
    private static bool TryValue(string text, int from, int to, int size, string what, out uint value, [NotNullWhen(false)] out AccessSyntaxError? error)
    {
        if (!TryHex(text.AsSpan(from, to - from), 8, out value))
        {
            return Refuse(from, $"a hexadecimal {what} of at most 8 digits follows '{text[from - 1]}'", out error!);
        }

        uint most = size == 4 ? uint.MaxValue : (1u << (8 * size)) - 1;
        if (value > most && value < uint.MaxValue - most)
        {
            return Refuse(from, $"the {what} does not fit into {size} {(size == 1 ? "byte" : "bytes")}", out error!);
        }

        value &= most;
        error = null!;
        return true;
    }

    private static bool TryHex(ReadOnlySpan<char> text, int maxDigits, out uint value)
    {
        value = 0;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            text = text[2..];
        }

        if (text.IsEmpty)
        {
            return false;
        }

        text = text.TrimStart('0');
        return text.Length <= maxDigits
            && (text.IsEmpty || uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value));
    }

    private static int FirstBadDigit(ReadOnlySpan<char> text)
    {
        for (int i = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? 2 : 0; i < text.Length; i++)
        {
            if (!char.IsAsciiHexDigit(text[i]))
            {
                return i;
            }
        }

        return 0;
    }

    private static bool TryCapability(ReadOnlySpan<char> name, out ushort? capability, out bool isExtended)
    {
        capability = null;
        isExtended = name.StartsWith("ECAP", StringComparison.OrdinalIgnoreCase);
        if (!isExtended && !name.StartsWith("CAP", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        ReadOnlySpan<char> rest = name[(isExtended ? 4 : 3)..];
        if (rest.StartsWith("_"))
        {
            if (isExtended && CapabilityNames.TryFind(rest[1..], out ExtendedCapabilityId extended))
            {
                capability = (ushort)extended;
            }
            else if (!isExtended && CapabilityNames.TryFind(rest[1..], out CapabilityId standard))
            {
                capability = (ushort)standard;
            }
        }
        else if (TryHex(rest, isExtended ? 4 : 2, out uint id))
        {
            capability = (ushort)id;
        }

        return capability is not null;
    }

    private static int SizeOf(char letter) => (letter | 0x20) switch
    {
        'b' => 1,
        'w' => 2,
        'l' => 4,
        _ => 0,
    };
}
