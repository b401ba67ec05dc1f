using System.Runtime;

namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>
/// A stretch in which the collector moves nothing, so that a store buffer may hold addresses. Memory for many schedules is set aside at
/// once and renewed between two of them.
/// </summary>
internal sealed class StillHeap : IDisposable
{
    /// <summary>Collection of the tests that explore: the heap lies still for one at a time.</summary>
    internal const string OneAtATime = "explored schedules";

    private const long Reserve = 96L << 20;
    private const long RenewAfter = 48L << 20;

    private long _since;

    internal StillHeap() => Begin();

    /// <summary>Between two schedules: renews the reserve when half of it is gone.</summary>
    internal void Renew()
    {
        if (GC.GetTotalAllocatedBytes() - _since > RenewAfter)
        {
            Dispose();
            Begin();
        }
    }

    /// <summary>After a schedule: no collection has moved anything under it.</summary>
    internal static void Confirm()
    {
        if (GCSettings.LatencyMode != GCLatencyMode.NoGCRegion)
        {
            throw new InvalidOperationException("a collection ran during a schedule: it needs more memory than is set aside for one");
        }
    }

    public void Dispose()
    {
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
        {
            GC.EndNoGCRegion();
        }
    }

    private void Begin()
    {
        if (!GC.TryStartNoGCRegion(Reserve))
        {
            throw new InvalidOperationException($"{Reserve >> 20} MiB could not be set aside");
        }

        _since = GC.GetTotalAllocatedBytes();
    }
}
