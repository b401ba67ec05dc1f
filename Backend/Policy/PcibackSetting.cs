namespace PciBackFlow.Backend.Policy;

/// <summary>What a toolstack wrote into one device's attributes, as a daemon leaves it for the next.</summary>
/// <param name="Device">The device's address on the host.</param>
/// <param name="Permissive">Whether <c>permissive</c> was written.</param>
/// <param name="AllowInterruptControl">Whether <c>allow_interrupt_control</c> was.</param>
/// <param name="Quirks">What was written into <c>quirks</c>.</param>
internal sealed record PcibackSetting(string Device, bool Permissive, bool AllowInterruptControl, PcibackSetting.Quirk[] Quirks)
{
    /// <summary>A field.</summary>
    /// <param name="Offset">First byte.</param>
    /// <param name="Size">Bytes.</param>
    /// <param name="Mask">Writable bits.</param>
    public sealed record Quirk(int Offset, int Size, uint Mask);
}
