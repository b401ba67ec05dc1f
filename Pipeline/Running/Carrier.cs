namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// One thread that carries items, as others see it: the watchdog (which item it is at) and reports (what it ran and allocated).
/// Written by its own thread, but for the two requests.
/// </summary>
internal sealed class Carrier(string name)
{
    private PipelineItem? _current;
    private int _threadId;
    private int _ran;
    private long _allocated;
    private long _allocatedBefore;
    private int _asked;
    private int _replaced;

    internal string Name => name;

    /// <summary>The item the thread is at. Cleared before the item is handed on, so that another thread's access is never taken for this one's.</summary>
    internal PipelineItem? Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }

    /// <summary>Whether a report is due; the thread's loop looks at it.</summary>
    internal bool IsAsked => Volatile.Read(ref _asked) != 0;

    internal bool IsCurrentThread => Volatile.Read(ref _threadId) == Environment.CurrentManagedThreadId;

    internal void Begin()
    {
        // What starting a thread allocates is not what carrying items allocates.
        _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        Volatile.Write(ref _threadId, Environment.CurrentManagedThreadId);
    }

    /// <summary>Notes that stages from (inclusive) to (exclusive) ran here.</summary>
    internal void Note(int from, int to)
    {
        int mask = (1 << to) - (1 << from);
        if ((_ran & mask) != mask)
        {
            Volatile.Write(ref _ran, _ran | mask);
        }
    }

    internal void Ask() => Volatile.Write(ref _asked, 1);

    /// <summary>Own thread: says what it has allocated so far.</summary>
    internal void Answer()
    {
        // Two plain stores: a carrying thread that took a lock here would count what the lock allocates.
        NoteAllocated();
        Volatile.Write(ref _asked, 0);
    }

    /// <summary>Own pool thread: the same without being asked.</summary>
    internal void NoteAllocated() => Volatile.Write(ref _allocated, GC.GetAllocatedBytesForCurrentThread() - _allocatedBefore);

    /// <summary>Reporter: waits for the answer; a thread inside a long access gives none, and its last figures stand.</summary>
    internal void AwaitAnswer(int milliseconds) => SpinWait.SpinUntil(() => !IsAsked, milliseconds);

    /// <summary>Watchdog: another thread has the role now, and nothing will be read from the item any more.</summary>
    internal void MarkReplaced() => Volatile.Write(ref _replaced, 1);

    /// <summary>Own thread, which was stuck: waits for the end of the hand-over, which is a thread start away.</summary>
    internal void AwaitReplaced()
    {
        SpinWait wait = default;
        while (Volatile.Read(ref _replaced) == 0)
        {
            wait.SpinOnce();
        }
    }

    internal StageThread ToReport(string[] stageNames)
    {
        int ran = Volatile.Read(ref _ran);
        var names = new List<string>();
        for (int i = 0; i < stageNames.Length; i++)
        {
            if ((ran & (1 << i)) != 0)
            {
                names.Add(stageNames[i]);
            }
        }

        return new StageThread(Volatile.Read(ref _threadId), name, names, Volatile.Read(ref _allocated));
    }
}
