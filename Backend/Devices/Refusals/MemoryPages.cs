using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// The pages behind functions' BARs. A guest gets whole pages: what lies beside a small BAR would come along (Xen's SUPPORT.md; XSA-461).
/// </summary>
internal static class MemoryPages
{
    private const ulong PageSize = 4096;
    private const int Bars = 6;

    /// <summary>Where two functions' memory shares a page.</summary>
    /// <param name="mine">One function's base addresses.</param>
    /// <param name="theirs">The other's.</param>
    /// <returns>Starts of the first function's BARs that share one.</returns>
    public static IEnumerable<ulong> SharedBy(IReadOnlyList<BaseAddress> mine, IReadOnlyList<BaseAddress> theirs) =>
        MemoryOf(mine).Where(bar => MemoryOf(theirs).Any(other => First(bar) <= Last(other) && First(other) <= Last(bar))).Select(static bar => bar.Start);

    // The ROM, entry 6, is decoded only while it is read; ports are granted one by one.
    private static IEnumerable<BaseAddress> MemoryOf(IReadOnlyList<BaseAddress> bars) => bars.Take(Bars).Where(static bar => bar.IsAssigned && !bar.IsIo);

    private static ulong First(BaseAddress bar) => bar.Start / PageSize;

    private static ulong Last(BaseAddress bar) => (bar.Start + bar.Length - 1) / PageSize;
}
