using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Run;

/// <summary>Compares every bit that is served from the copy with hardware.</summary>
internal static class ShadowVerification
{
    /// <summary>Reads hardware, one dword for each that has such bits. Changes nothing.</summary>
    /// <param name="function">The function; its owner's thread, or nobody using it.</param>
    /// <returns>Where the two differ; none for an honest shadow.</returns>
    public static IReadOnlyList<ShadowMismatch> Run(AssignedFunction function)
    {
        var found = new List<ShadowMismatch>();
        int readable = Math.Min(function.Hardware.ReadableSize, function.Map.Size);
        for (int dword = 0; dword < readable / 4; dword++)
        {
            uint mask = function.Map[dword].Shadow;
            if (mask == 0)
            {
                continue;
            }

            uint shadow = function.Registers[dword] & mask;
            if (!function.Hardware.TryRead(dword * 4, 4, out uint hardware))
            {
                hardware = NoAnswer.Of(4);
            }

            if ((hardware & mask) != shadow)
            {
                found.Add(new ShadowMismatch(dword * 4, mask, shadow, hardware & mask));
            }
        }

        return found;
    }
}
