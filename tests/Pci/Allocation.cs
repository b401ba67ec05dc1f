using PciBackFlow.Pci;

namespace PciBackFlow.Pci.Tests;

internal static class Allocation
{
    /// <summary>Bytes this thread allocates for a thousand reads and writes, after a warm-up.</summary>
    public static long Of(IConfigSpace space)
    {
        Run(space);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(space);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Run(IConfigSpace space)
    {
        for (int i = 0; i < 1000; i++)
        {
            space.TryRead(i & 0x3C, 4, out uint value);
            space.TryRead(0x1001, 2, out _);
            space.TryWrite(0x0C, 1, value);
        }
    }
}
