using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Connections;

/// <summary>
/// What one guest has done. Plain longs with a cache line's room on both sides, so that counting costs no shared line; written
/// by the guest's shard (but for <see cref="GuestCounterValues.LateResults"/>, a worker's), read by any thread.
/// </summary>
public sealed class GuestCounters
{
    private Block _block;

    /// <summary>Reads all counters. Any thread.</summary>
    /// <returns>Their values now.</returns>
    public GuestCounterValues Read() => new(
        Get(Slot.Requests),
        Get(Slot.Answered),
        Get(Slot.LateReplies),
        Get(Slot.NotifyFailures),
        Get(Slot.Expired),
        Get(Slot.NoPlace),
        Get(Slot.LateResults),
        Get(Slot.Offloaded),
        Get(Slot.ConfigReads),
        Get(Slot.ConfigWrites),
        Get(Slot.MsiOperations),
        Get(Slot.MsixOperations),
        Get(Slot.UnknownOperations),
        Get(Slot.DeniedWrites),
        Get(Slot.HardwareAccesses),
        Get(Slot.SlowAccesses),
        Get(Slot.ShadowAnswers),
        Get(Slot.Status),
        Get(Slot.Status + 1),
        Get(Slot.Status + 2),
        Get(Slot.Status + 3),
        Get(Slot.Status + 4),
        Get(Slot.Status + 5));

    /// <summary>Shard: an answer is in the page. Everything a request counts is counted here, by one thread, whatever thread did it.</summary>
    internal void CountAnswer(GuestOperation operation)
    {
        Add(Slot.Requests, 1);
        Add(Slot.Answered, 1);
        Add(ClassOf(operation.Request.Command), 1);
        int status = -(int)operation.Status;
        if ((uint)status <= 5)
        {
            Add(Slot.Status + status, 1);
        }

        CountWork(operation);
    }

    /// <summary>Shard: an answer was dropped.</summary>
    internal void CountLate(GuestOperation operation)
    {
        Add(Slot.Requests, 1);
        Add(Slot.LateReplies, 1);
        CountWork(operation);
    }

    /// <summary>Shard: an answer is in the page, but its signal could not be sent.</summary>
    internal void CountNotifyFailure() => Add(Slot.NotifyFailures, 1);

    /// <summary>Worker: its result was dropped.</summary>
    internal void CountLateResult() => Interlocked.Increment(ref _block[(int)Slot.LateResults]);

    private static Slot ClassOf(PciOpCode command) => command switch
    {
        PciOpCode.ConfigRead => Slot.ConfigReads,
        PciOpCode.ConfigWrite => Slot.ConfigWrites,
        PciOpCode.EnableMsi or PciOpCode.DisableMsi or PciOpCode.EnableMultiMsi => Slot.MsiOperations,
        PciOpCode.EnableMsix or PciOpCode.DisableMsix => Slot.MsixOperations,
        _ => Slot.UnknownOperations,
    };

    private void CountWork(GuestOperation operation)
    {
        if (operation.HardwareAccesses != 0)
        {
            Add(Slot.HardwareAccesses, operation.HardwareAccesses);
        }
        else if (operation.Status == PciOpStatus.Success && operation.IsConfigAccess)
        {
            Add(Slot.ShadowAnswers, 1);
        }

        if (operation.WasSlow)
        {
            Add(Slot.SlowAccesses, 1);
        }

        if (operation.DeniedBits != 0)
        {
            Add(Slot.DeniedWrites, 1);
        }

        if (operation.WasOffloaded)
        {
            Add(Slot.Offloaded, 1);
        }

        if (operation.Cause != FailureCause.None)
        {
            Add(operation.Cause == FailureCause.Queue ? Slot.NoPlace : Slot.Expired, 1);
        }
    }

    // One writer: a volatile store is enough, and 64-bit stores don't tear.
    private void Add(Slot slot, long amount) => Volatile.Write(ref _block[(int)slot], _block[(int)slot] + amount);

    private long Get(Slot slot) => Volatile.Read(ref _block[(int)slot]);

    private enum Slot
    {
        Requests,
        Answered,
        LateReplies,
        NotifyFailures,
        Expired,
        NoPlace,
        Offloaded,
        ConfigReads,
        ConfigWrites,
        MsiOperations,
        MsixOperations,
        UnknownOperations,
        DeniedWrites,
        HardwareAccesses,
        SlowAccesses,
        ShadowAnswers,
        Status,

        // Six statuses, then a line apart the one that workers write.
        LateResults = Status + 6 + (Block.LineBytes / sizeof(long)),
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Block
    {
        // Two lines: the adjacent-line prefetcher fetches pairs.
        internal const int LineBytes = 128;

        private Line _before;
        private Values _values;
        private Line _after;

        [System.Diagnostics.CodeAnalysis.UnscopedRef]
        internal ref long this[int index] => ref Unsafe.Add(ref Unsafe.As<Values, long>(ref _values), index);

        [InlineArray((int)Slot.LateResults + 1)]
        private struct Values
        {
            private long _first;
        }

        [InlineArray(LineBytes / sizeof(long))]
        private struct Line
        {
            private long _first;
        }
    }
}
