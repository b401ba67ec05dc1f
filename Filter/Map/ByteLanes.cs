using System.Numerics;
using System.Runtime.CompilerServices;

namespace PciBackFlow.Filter.Map;

/// <summary>
/// All arithmetic on byte lanes. A lane is one byte of an aligned dword; because accesses are 1, 2 or 4 bytes and naturally aligned,
/// an access never leaves its dword, and everything about it is a mask inside 32 bits. Nothing else in the filter shifts by offsets.
/// </summary>
public static class ByteLanes
{
    /// <summary>Whether an access may be tried: size 1, 2 or 4, offset a multiple of it, all of it inside the space.</summary>
    /// <param name="offset">Offset as the guest sent it; any value.</param>
    /// <param name="size">Size as the guest sent it; any value.</param>
    /// <param name="spaceSize">Length of the space in bytes.</param>
    /// <returns>True when valid.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsValid(int offset, int size, int spaceSize)
        => (size is 1 or 2 or 4) && (offset & (size - 1)) == 0 && (uint)offset < (uint)spaceSize;

    /// <summary>The bits of a value of this size.</summary>
    /// <param name="size">1, 2 or 4 bytes.</param>
    /// <returns>0xFF, 0xFFFF or 0xFFFFFFFF.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Mask(int size) => uint.MaxValue >> (32 - (8 * size));

    /// <summary>The bits of the dword that an access touches.</summary>
    /// <param name="offset">Aligned offset.</param>
    /// <param name="size">1, 2 or 4 bytes.</param>
    /// <returns>The mask, in the dword's lanes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Lanes(int offset, int size) => ToDword(Mask(size), offset);

    /// <summary>Moves a value from its own lanes to the lanes of its dword.</summary>
    /// <param name="value">The value; bit 0 belongs to the byte at <paramref name="offset"/>.</param>
    /// <param name="offset">Offset.</param>
    /// <returns>The value in the dword's lanes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToDword(uint value, int offset) => value << (8 * (offset & 3));

    /// <summary>Takes a value out of its dword.</summary>
    /// <param name="dword">The dword.</param>
    /// <param name="offset">Aligned offset.</param>
    /// <param name="size">1, 2 or 4 bytes.</param>
    /// <returns>The value, zero-extended.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FromDword(uint dword, int offset, int size) => (dword >> (8 * (offset & 3))) & Mask(size);

    /// <summary>Replaces the bits of a mask.</summary>
    /// <param name="old">The value that stays outside the mask.</param>
    /// <param name="value">The value that comes in.</param>
    /// <param name="mask">The bits to replace.</param>
    /// <returns>The merged value.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Merge(uint old, uint value, uint mask) => (old & ~mask) | (value & mask);

    /// <summary>Widens a mask to whole bytes.</summary>
    /// <param name="mask">Any bits.</param>
    /// <returns>0xFF in each byte that has a bit.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint WholeBytes(uint mask)
    {
        // One bit per byte that is not empty (the carry of +7F collects the low seven bits), then spread to 0xFF.
        uint any = (((mask & 0x7F7F_7F7F) + 0x7F7F_7F7F) | mask) & 0x8080_8080;
        return (any >> 7) * 0xFF;
    }

    /// <summary>Takes the first naturally aligned block of 4, 2 or 1 bytes, the largest possible, off a mask of whole bytes.</summary>
    /// <param name="bytes">Whole bytes, not empty; the block is removed from it.</param>
    /// <param name="lane">Receives the block's first byte, 0 to 3.</param>
    /// <param name="size">Receives its size: 1, 2 or 4.</param>
    /// <returns>The block's bits, in the dword's lanes.</returns>
    public static uint TakeBlock(ref uint bytes, out int lane, out int size)
    {
        lane = BitOperations.TrailingZeroCount(bytes) >> 3;
        if (bytes == uint.MaxValue)
        {
            size = 4;
        }
        else
        {
            size = (lane & 1) == 0 && (bytes & Lanes(lane, 2)) == Lanes(lane, 2) ? 2 : 1;
        }

        uint block = Lanes(lane, size);
        bytes &= ~block;
        return block;
    }

    /// <summary>The naturally aligned field that covers a mask.</summary>
    /// <param name="mask">Bits inside one byte, one aligned word or the dword; not empty.</param>
    /// <param name="lane">Receives the first byte, 0 to 3.</param>
    /// <param name="size">Receives the size: 1, 2 or 4.</param>
    public static void Field(uint mask, out int lane, out int size)
    {
        lane = BitOperations.TrailingZeroCount(mask) >> 3;
        int last = BitOperations.Log2(mask) >> 3;
        size = lane == last ? 1 : (lane >> 1) == (last >> 1) ? 2 : 4;
        lane &= -size;
    }
}
