using System.Runtime.CompilerServices;
using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline;

/// <summary>
/// What travels through the stages: one operation object per lane, re-used for ever. Exactly one thread owns it at a time;
/// the owner changes through one atomic word, on which a worker's completion and the shard's deadline race.
/// </summary>
public abstract class PipelineItem
{
    /// <summary>Outcome of an item for which a queue had no place.</summary>
    internal const StageFlow Refused = (StageFlow)255;

    // The word: five bits, and above them the number of the access, so that the watchdog's exchange can only hit the very
    // access it has been watching.
    private const long InAccess = 1;
    private const long Taken = 2;
    private const long Away = 4;
    private const long Expired = 8;
    private const long Done = 16;
    private const long FlagMask = 31;
    private const long NextAccess = 32;

    private long _word;
    private long _startedAt;

    /// <summary>The lane, set by the shard before the item can leave it.</summary>
    internal object? Lane;

    /// <summary>Link of the mailbox that carries the item back to its shard.</summary>
    internal PipelineItem? NextInMailbox;

    /// <summary>First stage that has not run yet; written by the owner.</summary>
    internal int NextStage;

    /// <summary>What the last stage said; written by the owner.</summary>
    internal StageFlow Outcome;

    /// <summary>Whether this passage is timed.</summary>
    internal bool Timed => TimedFor != TimedFor.Nobody;

    /// <summary>Whose figures it is timed for.</summary>
    internal TimedFor TimedFor;

    /// <summary>When the timed passage began (Stopwatch ticks).</summary>
    internal long TimedSince;

    /// <summary>What each stage took (Stopwatch ticks).</summary>
    internal StageTicks Ticks;

    /// <summary>Timed passage: accesses that were made for the item (<see cref="NoteAccesses"/>).</summary>
    internal int Accesses { get; private set; }

    /// <summary>Timed passage: what these took, in Stopwatch ticks.</summary>
    internal long AccessTicks { get; private set; }

    /// <summary>How long a thread may be at the item, away from its shard, before the shard answers without it, in milliseconds.</summary>
    protected internal abstract int DeadlineMilliseconds { get; }

    /// <summary>
    /// How long the item may be away in all before the shard answers without it, in milliseconds, at least <see cref="DeadlineMilliseconds"/>: one that
    /// only waits for its turn, because many are before it, has not been tried yet and waits as long as its peer will.
    /// </summary>
    protected internal abstract int PatienceMilliseconds { get; }

    /// <summary>Away: when the thread that has it took it (Stopwatch ticks); 0 while it waits in a queue. Written by its owner, read by its shard.</summary>
    internal long StartedAt
    {
        get => Volatile.Read(ref _startedAt);
        set => Volatile.Write(ref _startedAt, value);
    }

    /// <summary>Whether the watchdog gave this item's shard to another thread while the item's access was stuck.</summary>
    internal bool IsTaken => (Volatile.Read(ref _word) & Taken) != 0;

    /// <summary>Whether the shard has answered without this item.</summary>
    internal bool IsExpired => (Volatile.Read(ref _word) & Expired) != 0;

    /// <summary>The word as it is, for the watchdog.</summary>
    internal long Word => Volatile.Read(ref _word);

    /// <summary>
    /// Owning thread: a call begins that can hang (a hardware access). Pair it with <see cref="LeaveAccess"/>; accesses don't nest.
    /// On the shard's own thread this is one plain store.
    /// </summary>
    public void EnterAccess()
    {
        long word = Volatile.Read(ref _word);
        if ((word & Away) == 0)
        {
            // At home and outside an access nobody else writes the word, so a release store will do: the watchdog that sees
            // the bit (its read acquires) also sees all that the shard did before.
            Volatile.Write(ref _word, (word + NextAccess) | InAccess);
            return;
        }

        Update((word + NextAccess) | InAccess, word, static current => (current + NextAccess) | InAccess);
    }

    /// <summary>Owning thread: the call came back. One atomic exchange.</summary>
    /// <returns>
    /// False when the watchdog found the access stuck and gave the shard to another thread: the caller is a worker now. Its stage
    /// touches nothing that the shard owns besides the item; it either returns <see cref="StageFlow.Lost"/> (the answer is a
    /// failure), or, if the item holds all it needs, finishes its work in the item and returns what it would have returned.
    /// </returns>
    public bool LeaveAccess()
    {
        long word = Volatile.Read(ref _word);
        while ((word & Taken) == 0)
        {
            long seen = Interlocked.CompareExchange(ref _word, word & ~InAccess, word);
            if (seen == word)
            {
                return true;
            }

            word = seen;
        }

        return false;
    }

    /// <summary>Owning thread: what a stage's accesses took, for who looks at the time of this passage; the last one's say counts.</summary>
    /// <param name="count">How many there were; at least 0.</param>
    /// <param name="ticks">What they took together, in Stopwatch ticks.</param>
    public void NoteAccesses(int count, long ticks)
    {
        Accesses = count;
        AccessTicks = ticks;
    }

    /// <summary>
    /// Shard thread, on a fresh item: take over the identity of the request from an item that cannot answer (a worker may
    /// still own it; read only what was set before it left) and become its failure answer. If the item comes back at this
    /// very moment, nothing is answered and the fresh item is put back.
    /// </summary>
    /// <param name="silent">The item that gives no answer.</param>
    /// <param name="cause">Why.</param>
    protected internal abstract void AnswerFor(PipelineItem silent, FailureCause cause);

    /// <summary>
    /// Worker thread (the shard's, when the lane was detached just as its item came back, or the item's thread had lost it): the
    /// result came too late and is dropped. Undo what it did, then forget it: the item is re-used.
    /// </summary>
    protected internal abstract void Discard();

    /// <summary>Watchdog thread: the current access has been stuck for long. Mark its target so that later items for it leave the shard first.</summary>
    protected internal abstract void MarkStuck();

    /// <summary>Shard: the item is about to be handed to another thread.</summary>
    internal void LeaveHome() => Volatile.Write(ref _word, _word | Away);

    /// <summary>Whoever owns it last: back home, ready for the next request.</summary>
    internal void ComeHome() => Volatile.Write(ref _word, Volatile.Read(ref _word) & ~FlagMask);

    /// <summary>Away thread: the race's one side.</summary>
    /// <returns>False when the deadline had won.</returns>
    internal bool TryComplete() => TryFinish(Done, Expired);

    /// <summary>Shard: the race's other side.</summary>
    /// <returns>False when the completion had won; the item is on its way back.</returns>
    internal bool TryExpire() => TryFinish(Expired, Done);

    /// <summary>Watchdog: takes the access that was seen; fails if it has ended since.</summary>
    /// <param name="seen">The word seen.</param>
    /// <returns>Whether the thread inside the access has lost its role.</returns>
    internal bool TryTake(long seen) =>
        IsStealable(seen) && Interlocked.CompareExchange(ref _word, seen | Taken | Away, seen) == seen;

    /// <summary>Away thread that was stuck: its role has been handed over, from here on it is an ordinary worker's item.</summary>
    internal void ClearTaken() => Update(_word & ~(Taken | InAccess), _word, static current => current & ~(Taken | InAccess));

    /// <summary>Whether a word says that a thread is inside an access and has not lost it yet.</summary>
    /// <param name="word">The word.</param>
    /// <returns>Whether the watchdog may take it.</returns>
    internal static bool IsStealable(long word) => (word & (InAccess | Taken)) == InAccess;

    // Full fence on success, so everything the winner wrote into the item before is visible to whoever sees the bit.
    private bool TryFinish(long mine, long theirs)
    {
        long word = Volatile.Read(ref _word);
        while ((word & theirs) == 0)
        {
            long seen = Interlocked.CompareExchange(ref _word, word | mine, word);
            if (seen == word)
            {
                return true;
            }

            word = seen;
        }

        return false;
    }

    private void Update(long next, long word, Func<long, long> change)
    {
        while (true)
        {
            long seen = Interlocked.CompareExchange(ref _word, next, word);
            if (seen == word)
            {
                return;
            }

            word = seen;
            next = change(word);
        }
    }

    /// <summary>One number per stage.</summary>
    [InlineArray(6)]
    internal struct StageTicks
    {
        private long _first;
    }
}
