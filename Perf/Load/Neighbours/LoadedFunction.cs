using System.Diagnostics;
using System.Runtime.InteropServices;
using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Load.Neighbours;

/// <summary>
/// A source function as one guest's: at an address of its own on the host, with its register accesses counted, and as bad a neighbour as wanted once the
/// guests are connected. Accesses are made by one thread at a time (the shard, or the worker it handed the request to); any thread may read the count.
/// </summary>
internal sealed class LoadedFunction(IPciFunction inner, PciAddress address, Neighbour? neighbour) : DelegatingFunction(inner)
{
    // A sleep is a millisecond at least: shorter times are spun.
    private static readonly TimeSpan s_leastSleep = TimeSpan.FromMilliseconds(2);

    private PaddedCount _accesses;
    private volatile bool _isBad;

    /// <summary>Register accesses so far, successful or not.</summary>
    internal long Accesses => Volatile.Read(ref _accesses.Value);

    public override PciAddress Address => address;

    /// <summary>From now on it is what it was made to be. Before, its guest could not be shown it: that takes a thousand accesses.</summary>
    internal void BeginToBeBad() => _isBad = neighbour is not null;

    public override bool TryRead(int offset, int size, out uint value)
    {
        CountAccess();
        return Inner.TryRead(offset, size, out value);
    }

    public override bool TryWrite(int offset, int size, uint value)
    {
        CountAccess();
        return Inner.TryWrite(offset, size, value);
    }

    public override bool TryEnable()
    {
        if (_isBad && neighbour is { Kind: NeighbourKind.Slow or NeighbourKind.Hang })
        {
            Take(neighbour.Time);
        }

        return Inner.TryEnable();
    }

    private void CountAccess()
    {
        Volatile.Write(ref _accesses.Value, _accesses.Value + 1);
        if (_isBad && neighbour is { Kind: NeighbourKind.Access })
        {
            Take(neighbour.Time);
        }
    }

    private static void Take(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        if (time >= s_leastSleep)
        {
            Thread.Sleep(time);
        }

        while (Stopwatch.GetElapsedTime(start) < time)
        {
            Thread.SpinWait(8);
        }
    }

    /// <summary>Alone on its cache lines: the client thread looks at it for every request.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedCount
    {
        [FieldOffset(64)]
        internal long Value;
    }
}
