namespace PciBackFlow.Pci;

/// <summary>Bytes read as a configuration space: nothing behaves, writes fail.</summary>
public sealed class ConfigImage : IConfigSpace
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _readable;

    /// <summary>Wraps bytes.</summary>
    /// <param name="bytes">The space; its length is the space's.</param>
    /// <param name="readable">How many of them can be read; all when absent.</param>
    public ConfigImage(ReadOnlyMemory<byte> bytes, int readable = int.MaxValue)
    {
        _bytes = bytes;
        _readable = Math.Min(readable, bytes.Length);
    }

    /// <inheritdoc/>
    public int Size => _bytes.Length;

    /// <inheritdoc/>
    public bool TryRead(int offset, int size, out uint value)
    {
        value = NoAnswer.Of(size);
        if (size is not (1 or 2 or 4) || offset < 0 || (offset & (size - 1)) != 0 || offset > _readable - size)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = _bytes.Span;
        value = 0;
        for (int i = size - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[offset + i];
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(int offset, int size, uint value) => false;
}
