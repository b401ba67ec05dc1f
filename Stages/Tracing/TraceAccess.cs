namespace PciBackFlow.Stages.Tracing;

/// <summary>
/// One register access that reached hardware, in 64 bits: the value, and above it the offset (12 bits), 4 bits of size and the top bit for a write.
/// </summary>
/// <param name="IsWrite">Whether it wrote.</param>
/// <param name="Offset">Offset, 0 to 4095.</param>
/// <param name="Size">Bytes: 1, 2 or 4.</param>
/// <param name="Value">The value read or written.</param>
public readonly record struct TraceAccess(bool IsWrite, int Offset, int Size, uint Value)
{
    private const int OffsetShift = 32;
    private const int SizeShift = 44;
    private const int WriteShift = 63;

    /// <summary>Packs an access.</summary>
    /// <param name="isWrite">Whether it wrote.</param>
    /// <param name="offset">Offset, 0 to 4095.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="value">The value.</param>
    /// <returns>The word.</returns>
    public static ulong Pack(bool isWrite, int offset, int size, uint value) =>
        value | ((ulong)(offset & 0xFFF) << OffsetShift) | ((ulong)(size & 0xF) << SizeShift) | ((isWrite ? 1ul : 0) << WriteShift);

    /// <summary>Unpacks an access.</summary>
    /// <param name="word">The word; any.</param>
    /// <returns>The access.</returns>
    public static TraceAccess Unpack(ulong word) =>
        new(word >> WriteShift != 0, (int)(word >> OffsetShift) & 0xFFF, (int)(word >> SizeShift) & 0xF, (uint)word);
}
