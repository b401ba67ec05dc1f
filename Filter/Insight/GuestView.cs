using System.Buffers.Binary;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Insight;

/// <summary>What a guest sees of a function: every dword read as a guest reads it.</summary>
/// <param name="Bytes">The bytes, from offset 0 to what the host can read of the function: 64, 256 or 4096 of them; all ones where a read failed.</param>
/// <param name="FailedOffsets">Offsets of the dwords whose read was not answered with success.</param>
public sealed record GuestView(ReadOnlyMemory<byte> Bytes, IReadOnlyList<int> FailedOffsets)
{
    /// <summary>Looks at a function.</summary>
    /// <param name="function">The function; only read.</param>
    /// <param name="policy">The guest's policy.</param>
    /// <param name="isLone">Whether no other function of its card is with it in the guest.</param>
    /// <exception cref="UnsupportedFunctionException">A CardBus bridge, or a function that does not answer.</exception>
    /// <returns>What the guest sees before it has written anything.</returns>
    public static GuestView Of(IPciFunction function, AccessPolicy policy, bool isLone = true)
    {
        FilteredFunction guest = new(function, FunctionPermissions.Compile(function, policy, isLone: isLone));
        byte[] bytes = new byte[Math.Min(function.ReadableSize, function.Size) & ~3];
        List<int> failed = [];
        for (int offset = 0; offset < bytes.Length; offset += sizeof(uint))
        {
            if (guest.Read(offset, sizeof(uint), out uint value) != AccessStatus.Success)
            {
                failed.Add(offset);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);
        }

        return new(bytes, failed);
    }
}
