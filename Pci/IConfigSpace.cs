namespace PciBackFlow.Pci;

/// <summary>A function's configuration space, accessed as the bus would: 1, 2 or 4 bytes, naturally aligned.</summary>
public interface IConfigSpace
{
    /// <summary>Its length in bytes: 64, 256 or 4096.</summary>
    int Size { get; }

    /// <summary>Reads 1, 2 or 4 bytes.</summary>
    /// <param name="offset">Aligned offset inside the space.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">The value, zero-extended; all ones of that size when the access failed.</param>
    /// <returns>False when the access failed. Never throws, never allocates.</returns>
    bool TryRead(int offset, int size, out uint value);

    /// <summary>Writes 1, 2 or 4 bytes.</summary>
    /// <param name="offset">Aligned offset inside the space.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">The value; bits above the size are ignored.</param>
    /// <returns>False when the access failed. Never throws, never allocates.</returns>
    bool TryWrite(int offset, int size, uint value);
}
