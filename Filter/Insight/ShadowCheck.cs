using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Insight;

/// <summary>
/// Whether what a guest is told without asking the hardware is what the hardware says. The copy is taken when the check is made, as at an
/// assignment; what changes between then and <see cref="Compare"/> should not have been in it.
/// </summary>
public sealed class ShadowCheck
{
    private readonly AssignedFunction _function;

    /// <summary>Takes the copy.</summary>
    /// <param name="function">The function; only read. Not disposed.</param>
    /// <param name="policy">The guest's policy.</param>
    /// <exception cref="UnsupportedFunctionException">A CardBus bridge, or a function that does not answer.</exception>
    public ShadowCheck(IPciFunction function, AccessPolicy policy)
    {
        _function = new(function, guestAddress: default, FunctionPermissions.Compile(function, policy));
        for (int dword = 0; dword < Math.Min(function.ReadableSize, _function.Map.Size) / 4; dword++)
        {
            if (_function.Map[dword].Shadow != 0)
            {
                Compared++;
            }
        }
    }

    /// <summary>How many dwords are answered from the copy, wholly or in part: what is compared.</summary>
    public int Compared { get; }

    /// <summary>Reads the hardware and compares.</summary>
    /// <returns>Where the two differ, by register; none for an honest copy.</returns>
    public IReadOnlyList<ShadowDifference> Compare()
    {
        List<ShadowDifference> differences = [];
        foreach (ShadowMismatch mismatch in ShadowVerification.Run(_function))
        {
            foreach (RegisterRow row in _function.Map.RowsAt(mismatch.Offset, sizeof(uint)))
            {
                // The row's part of this dword; a row of three bytes is no access, so bytes are counted.
                int from = Math.Max(row.Offset, mismatch.Offset);
                int size = Math.Min(row.Offset + row.Size, mismatch.Offset + sizeof(uint)) - from;
                int shift = 8 * (from - mismatch.Offset);
                uint lanes = uint.MaxValue >> (32 - (8 * size));
                uint shadow = (mismatch.Shadow >> shift) & lanes;
                uint hardware = (mismatch.Hardware >> shift) & lanes;
                if (shadow != hardware)
                {
                    differences.Add(new(row.Name, from, size, shadow, hardware));
                }
            }
        }

        return differences;
    }
}
