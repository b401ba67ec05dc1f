namespace PciBackFlow.Backend.Journal;

/// <summary>Exactly what was given. The numbers are those of the hypercall, kept so that the same ones are revoked (XSA-476: not what sysfs says later).</summary>
/// <param name="Kind">What.</param>
/// <param name="First">The kind's first number: frame, port or pirq.</param>
/// <param name="Count">The kind's second number: how many, or the GSI.</param>
/// <param name="Text">The kind's text; null for most.</param>
public sealed record Grant(GrantKind Kind, ulong First = 0, ulong Count = 0, string? Text = null)
{
    private const int FrameShift = 12;

    /// <summary>The frames that an address range touches.</summary>
    /// <param name="start">First address.</param>
    /// <param name="length">Bytes, above 0.</param>
    /// <returns>All frames from the first byte's to the last one's.</returns>
    public static Grant MemoryOf(ulong start, ulong length)
    {
        ulong first = start >> FrameShift;
        return new(GrantKind.Memory, first, ((start + length - 1) >> FrameShift) - first + 1);
    }
}
