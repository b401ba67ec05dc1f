namespace PciBackFlow.Backend.Guests;

/// <summary>
/// Runs the passes of all guests on a few threads. One that takes long, because it waits for a device's reset or for a call of the hypervisor that does not
/// return, no longer counts among the few: another begins beside it, so that nobody waits for somebody else's device. Threads end when nothing is left to do.
/// </summary>
internal sealed class PassScheduler : TaskScheduler
{
    // A pass is some dozens of calls to xenstore; whatever takes longer waits for something else.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    // Far more devices than are reset at a time; beyond it guests wait, for a host without end of threads would serve nobody.
    private const int MaxThreads = 256;

    private readonly Lock _lock = new();
    private readonly Queue<Task> _waiting = [];
    private readonly HashSet<Runner> _runners = [];
    private readonly int _width;
    private int _counted;
    private bool _isTimed;

    /// <param name="width">How many passes run at a time, those that take long not counted.</param>
    public PassScheduler(int width) => _width = width;

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => _width;

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            _waiting.Enqueue(task);
            StartSome();
        }
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_lock)
            return [.. _waiting];
    }

    // Under the lock.
    private void StartSome()
    {
        while (_counted < _width && _runners.Count < MaxThreads && IsAnyUnclaimed())
        {
            Runner runner = new();
            _runners.Add(runner);
            _counted++;
            new Thread(() => Run(runner)) { IsBackground = true, Name = "guests" }.Start();
        }

        if (_waiting.Count > 0 && !_isTimed)
        {
            _isTimed = true;
            _ = LookForSlowAsync();
        }
    }

    // Threads that have just been started take one each.
    private bool IsAnyUnclaimed()
    {
        int starting = 0;
        foreach (Runner runner in _runners)
            starting += runner.Began == Runner.Nothing ? 1 : 0;
        return starting < _waiting.Count;
    }

    private void Run(Runner runner)
    {
        while (TakeNext(runner) is { } task)
            TryExecuteTask(task);
    }

    private Task? TakeNext(Runner runner)
    {
        lock (_lock)
        {
            // One that took long begins again only where there is room.
            if (!runner.IsCounted && _waiting.Count > 0 && _counted < _width)
            {
                runner.IsCounted = true;
                _counted++;
            }

            if (runner.IsCounted && _waiting.TryDequeue(out Task? task))
            {
                runner.Began = Environment.TickCount64;
                return task;
            }

            if (runner.IsCounted)
                _counted--;
            _runners.Remove(runner);
            StartSome();
            return null;
        }
    }

    private async Task LookForSlowAsync()
    {
        await Task.Delay(Patience).ConfigureAwait(false);
        lock (_lock)
        {
            _isTimed = false;
            long now = Environment.TickCount64;
            foreach (Runner runner in _runners)
            {
                if (!runner.IsCounted || runner.Began == Runner.Nothing || now - runner.Began < Patience.TotalMilliseconds)
                    continue;
                runner.IsCounted = false;
                _counted--;
            }

            StartSome();
        }
    }

    private sealed class Runner
    {
        public const long Nothing = -1;

        /// <summary>When its pass began; <see cref="Nothing"/> before its first one.</summary>
        public long Began { get; set; } = Nothing;

        /// <summary>Whether its pass is among the few.</summary>
        public bool IsCounted { get; set; } = true;
    }
}
