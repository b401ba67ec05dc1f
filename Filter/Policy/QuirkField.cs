namespace PciBackFlow.Filter.Policy;

/// <summary>
/// A quirk in the sense of Linux xen-pciback: bytes that a guest may read and write through. Unlike there, the mask is honoured.
/// </summary>
/// <param name="Offset">First byte, 0 to 0xFFF; need not be aligned.</param>
/// <param name="Size">Bytes: 1, 2 or 4.</param>
/// <param name="Mask">Writable bits, in the field's lanes.</param>
/// <param name="Origin">Where it comes from.</param>
public readonly record struct QuirkField(int Offset, int Size, uint Mask, SettingOrigin Origin);
