using System.Diagnostics;

namespace PciBackFlow.Pipeline.Running;

/// <summary>Fixed times of the engine, and the conversion to Stopwatch ticks.</summary>
internal static class PipelineTimes
{
    /// <summary>How long an ending engine waits for one thread.</summary>
    internal const int JoinMilliseconds = 2000;

    /// <summary>How long a report waits for a thread that is inside a long access.</summary>
    internal const int ReportMilliseconds = 250;

    /// <summary>
    /// How long a worker may be at one item until another one is woken for those that wait, and how long it works until it lets others have the processor, in
    /// microseconds: some ten times what waking a thread takes. Where the kernel counts a yield as a whole slice, yielding more often would starve workers
    /// on a busy machine.
    /// </summary>
    internal const int ShortWorkMicroseconds = 200;

    /// <summary>
    /// How often a shard that looks at the pages of hot lanes asks its source for the others, in microseconds: what a request beside theirs waits for at most,
    /// and no longer than a sleeping shard may need to wake up. Asking is a system call, so more often would take from those who are being looked at.
    /// </summary>
    internal const int SourcePauseMicroseconds = 50;

    /// <summary>How long workers wake each other after one was at an item for longer than that, in microseconds.</summary>
    internal const int WideMicroseconds = 10_000;

    /// <summary>Spurious deliveries in a row without a delay, and the longest delay (the rule of Linux's late end-of-interrupt).</summary>
    internal const int SpuriousThreshold = 1;
    internal const int LongestSpuriousDelayMilliseconds = 1000;

    internal static long FromMilliseconds(int milliseconds) => Stopwatch.Frequency * milliseconds / 1000;

    internal static long FromMicroseconds(int microseconds) => Stopwatch.Frequency * microseconds / 1_000_000;

    /// <summary>Milliseconds until a time, rounded up so that a wait does not end just before it.</summary>
    internal static int MillisecondsUntil(long due, long now)
    {
        if (due <= now)
        {
            return 0;
        }

        long perMillisecond = Stopwatch.Frequency / 1000;
        return (int)Math.Min(int.MaxValue, (due - now + perMillisecond - 1) / perMillisecond);
    }

    /// <summary>How late the port of a lane is unmasked after its nth spurious delivery in a row.</summary>
    internal static int SpuriousDelayMilliseconds(int run)
    {
        int doublings = run - 1 - SpuriousThreshold;
        if (doublings < 0)
        {
            return 0;
        }

        return doublings >= 10 ? LongestSpuriousDelayMilliseconds : 1 << doublings;
    }
}
