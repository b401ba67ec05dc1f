namespace PciBackFlow.Filter.Insight;

/// <summary>One access as a guest sends it; nothing about it is checked.</summary>
/// <param name="Offset">Configuration register offset, signed as on the wire.</param>
/// <param name="Size">Bytes: 1, 2 or 4 where a person typed it.</param>
/// <param name="WriteValue">The value to write; null for a read.</param>
public readonly record struct ConfigAccess(int Offset, int Size, uint? WriteValue)
{
    /// <summary>Which bits a write changes: the guest reads the register first and keeps the others; null for all, without a read.</summary>
    public uint? Mask { get; init; }

    /// <summary>Whether it writes.</summary>
    public bool IsWrite => WriteValue is not null;
}
