namespace PciBackFlow.Filter.Insight;

/// <summary>One register access that reached a function.</summary>
/// <param name="Access"><see cref="Read"/> or <see cref="Write"/>.</param>
/// <param name="Offset">Offset in configuration space.</param>
/// <param name="Size">Bytes: 1, 2 or 4.</param>
/// <param name="Value">The value read or written.</param>
public sealed record HardwareAccess(string Access, int Offset, int Size, uint Value)
{
    /// <summary>The word for a read.</summary>
    public const string Read = "read";

    /// <summary>The word for a write.</summary>
    public const string Write = "write";
}
