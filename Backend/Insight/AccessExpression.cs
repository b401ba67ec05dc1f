using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using PciBackFlow.Hardware.Pci.Capabilities;

namespace PciBackFlow.Backend.Insight;

/// <summary>
/// An access in setpci's words: <c>OFFSET[.b|.w|.l][=VALUE]</c>, numbers hexadecimal with or without <c>0x</c>. OFFSET is a number, a
/// register name, or a capability (<c>CAP_PM</c>, <c>CAP05</c>, <c>ECAP_AER</c>, <c>ECAP0001</c>, with <c>@N</c> the N-th of its kind), each with an optional
/// <c>+OFFSET</c>. Without a size it is the register's, else 4 bytes. Misaligned and out-of-space accesses are expressible: a guest can send them.
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

    private AccessExpression(string text, ushort? capability, bool isExtended, int instance, int offset, int size, uint? value) =>
        (_text, _capability, _isExtended, _instance, _offset, _size, _value) = (text, capability, isExtended, instance, offset, size, value);

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

        at = end;
        if (at < text.Length && text[at] == '@')
        {
            end = EndOf(text, at + 1, ".=+");
            if (capability is null || !TryHex(text.AsSpan(at + 1, end - at - 1), 3, out uint nth))
            {
                return Refuse(
                    capability is null ? at : at + 1,
                    capability is null ? "only a capability has instances" : "a hexadecimal instance follows '@'", out error);
            }

            instance = (int)nth;
            at = end;
        }

        if (at < text.Length && text[at] == '+')
        {
            end = EndOf(text, at + 1, ".=");
            if (!TryHex(text.AsSpan(at + 1, end - at - 1), 8, out uint more))
            {
                return Refuse(at + 1, "a hexadecimal offset follows '+'", out error);
            }

            offset = unchecked(offset + more);
            at = end;
        }

        if (at < text.Length && text[at] == '.')
        {
            size = at + 1 < text.Length ? SizeOf(text[at + 1]) : 0;
            if (size == 0)
            {
                return Refuse(at + 1, "a size is .b, .w or .l", out error);
            }

            at += 2;
        }

        uint? value = null;
        if (at < text.Length && text[at] == '=')
        {
            if (!TryHex(text.AsSpan(at + 1), 8, out uint number))
            {
                return Refuse(at + 1, "a hexadecimal value of at most 8 digits follows '='", out error);
            }

            if (size < 4 && number >> (size * 8) != 0)
            {
                return Refuse(at + 1, size == 1 ? "the value does not fit into 1 byte" : "the value does not fit into 2 bytes", out error);
            }

            value = number;
            at = text.Length;
        }

        if (at != text.Length)
        {
            return Refuse(at, "expected '.', '=' or the end", out error);
        }

        expression = new(text, capability, isExtended, instance, unchecked((int)offset), size, value);
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

        access = new(offset, _size, _value);
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

    private static bool TryHex(ReadOnlySpan<char> text, int maxDigits, out uint value)
    {
        value = 0;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            text = text[2..];
        }

        return text.Length > 0 && text.Length <= maxDigits
            && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
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
