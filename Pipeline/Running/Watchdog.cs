using System.Diagnostics;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// Notices an access that does not come back and gives the role of the thread inside it to a new thread; and sees to it that workers which do not come back
/// are replaced. While nothing happens it sleeps without a timeout; the first shard to wake up wakes it.
/// </summary>
/// <param name="roles">Whose threads are watched.</param>
/// <param name="workers">Those that are replaced.</param>
/// <param name="limitMilliseconds">How long an access may last.</param>
/// <param name="resumed">Called on its thread each time when it has been asleep: who has seen <see cref="IsAsleep"/> is told when that is over.</param>
internal sealed class Watchdog(ITakeOver[] roles, IReplaceLate workers, int limitMilliseconds, Action? resumed = null) : IDisposable
{
    // A second at the usual limit: a wake-up call to this thread is rare even when requests trickle in.
    private const int QuietTicksBeforeSleep = 20;

    // A tenth of the shortest deadline that a worker can miss, however long an access may last.
    private const int LongestTick = 50;

    private readonly AutoResetEvent _event = new(false);
    private readonly Watched[] _watched = new Watched[roles.Length];
    private readonly long _limit = PipelineTimes.FromMilliseconds(limitMilliseconds);
    private Thread? _thread;
    private int _asleep;
    private int _stopping;

    /// <summary>Whether it waits without a timeout.</summary>
    internal bool IsAsleep => Volatile.Read(ref _asleep) != 0;

    internal void Start()
    {
        _thread = new Thread(RunLoop) { IsBackground = true, Name = "watchdog" };
        _thread.Start();
    }

    /// <summary>
    /// Shard thread, after its blocking wait returned and it executed a full fence: pairs with the fence in the loop below. The shard counts its wake-up, then
    /// looks whether the watchdog sleeps; the watchdog goes to sleep, then looks at the counts. One of the two sees the other.
    /// </summary>
    internal void Notice()
    {
        if (Volatile.Read(ref _asleep) != 0 && Interlocked.Exchange(ref _asleep, 0) != 0)
        {
            _event.Set();
        }
    }

    /// <summary>Ends the thread: no role changes hands any more.</summary>
    internal void Stop()
    {
        Volatile.Write(ref _stopping, 1);
        _event.Set();
        _thread?.Join();
    }

    /// <summary>After <see cref="Stop"/>, when no shard can call <see cref="Notice"/> any more.</summary>
    public void Dispose() => _event.Dispose();

    private void RunLoop()
    {
        int quiet = 0;
        int tick = Math.Clamp(limitMilliseconds / 4, 1, LongestTick);
        while (Volatile.Read(ref _stopping) == 0)
        {
            quiet = Look() ? 0 : quiet + 1;
            if (quiet < QuietTicksBeforeSleep)
            {
                _event.WaitOne(tick);
                continue;
            }

            Volatile.Write(ref _asleep, 1);
            Interlocked.MemoryBarrier();
            if (!Look() && Volatile.Read(ref _stopping) == 0)
            {
                _event.WaitOne();
            }

            Volatile.Write(ref _asleep, 0);
            resumed?.Invoke();
            quiet = 0;
        }
    }

    // Whether anything moved, or is inside an access.
    private bool Look()
    {
        bool active = false;
        for (int i = 0; i < roles.Length; i++)
        {
            ref Watched watched = ref _watched[i];
            ITakeOver role = roles[i];
            long progress = role.Progress;
            active |= progress != watched.Progress;
            watched.Progress = progress;

            Carrier holder = role.Holder;
            PipelineItem? item = holder.Current;
            long word = item?.Word ?? 0;

            // The second look at Current: the holder clears it before it lets go of the item, so if it is still there the access
            // seen in between is the holder's own.
            if (item is null || !PipelineItem.IsStealable(word) || !ReferenceEquals(holder.Current, item))
            {
                watched.Item = null;
                continue;
            }

            active = true;
            long now = Stopwatch.GetTimestamp();
            if (!ReferenceEquals(watched.Item, item) || (word >> 5) != (watched.Word >> 5))
            {
                watched.Item = item;
                watched.Word = word;
                watched.Since = now;
            }
            else if (now - watched.Since >= _limit && item.TryTake(word))
            {
                // From here the stuck thread waits for MarkReplaced before it lets the item go, so the item may be read.
                item.MarkStuck();
                role.TakeOver(item, watched.Since);
                holder.MarkReplaced();
                watched.Item = null;
            }
        }

        return active | workers.ReplaceLate(Stopwatch.GetTimestamp());
    }

    private struct Watched
    {
        internal PipelineItem? Item;
        internal long Word;
        internal long Since;
        internal long Progress;
    }
}
