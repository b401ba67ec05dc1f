using System.Diagnostics;
using System.Threading.Tasks.Dataflow;

namespace PciBackFlow.Backend.Running;

/// <summary>
/// One guest's logical queue: whatever happens to it becomes one pending pass, because a pass reads everything again (XSA-349: watch
/// events a guest causes must not pile up). Passes of one guest never overlap. A guest that keeps its queue busy is slowed down.
/// </summary>
internal sealed class GuestQueue
{
    // A hand-shake is about ten passes, a hot-plug five: what exceeds this within a second is a storm.
    private const int PassesPerSecond = 256;
    private static readonly TimeSpan CoolDown = TimeSpan.FromMilliseconds(20);

    private readonly ActionBlock<bool> _block;
    private int _isPending;
    private long _windowStart = Stopwatch.GetTimestamp();
    private int _passesInWindow;
    private long _passes;

    public GuestQueue(Action pass, TaskScheduler scheduler)
    {
        // One pass running and one pending: with the flag, more are never posted.
        ExecutionDataflowBlockOptions options = new() { BoundedCapacity = 2, MaxDegreeOfParallelism = 1, TaskScheduler = scheduler };
        _block = new ActionBlock<bool>(
            async _ =>
            {
                // Cleared before the pass reads anything: a change that comes later asks for another pass. Pairs with Wake.
                Interlocked.Exchange(ref _isPending, 0);
                Interlocked.Increment(ref _passes);
                pass();
                if (IsStorm())
                {
                    await Task.Delay(CoolDown).ConfigureAwait(false);
                }
            },
            options);
    }

    /// <summary>Passes so far.</summary>
    public long Passes => Interlocked.Read(ref _passes);

    /// <summary>Whether a pass is asked for that has not begun.</summary>
    public bool IsPending => Volatile.Read(ref _isPending) != 0;

    /// <summary>Asks for a pass. Any thread; never blocks.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isPending, 1) == 0)
        {
            _block.Post(true);
        }
    }

    /// <summary>No pass begins any more.</summary>
    public void Complete() => _block.Complete();

    /// <summary>Waits until the last pass has ended.</summary>
    public Task Completion => _block.Completion;

    private bool IsStorm()
    {
        long now = Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(_windowStart, now) > TimeSpan.FromSeconds(1))
        {
            _windowStart = now;
            _passesInWindow = 0;
        }

        return ++_passesInWindow > PassesPerSecond;
    }
}
