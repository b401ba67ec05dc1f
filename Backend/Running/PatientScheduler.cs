namespace PciBackFlow.Backend.Running;

/// <summary>
/// Runs the passes of all guests on a few threads, and has patience with devices: a pass that has waited for one for a while
/// (<see cref="DeviceWait"/>) no longer counts among the few. Another begins beside it, so that nobody waits for somebody else's device; a
/// pass that only takes long goes on counting. Threads end when nothing is left to do.
/// </summary>
internal sealed class PatientScheduler : TaskScheduler
{
    // Most of what could wait for a device does not: for that no thread is worth while.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan ThreadPause = TimeSpan.FromMilliseconds(500);

    // Far more devices than are reset at a time; beyond it guests wait, for a host without end of threads would serve nobody.
    private const int MaxThreads = 256;

    [ThreadStatic]
    private static Runner? t_current;

    private readonly Lock _lock = new();
    private readonly Queue<Task> _waiting = [];
    private readonly HashSet<Runner> _runners = [];
    private readonly Action<Action> _startThread;
    private readonly int _width;
    private int _counted;
    private bool _isTimed;
    private bool _isRetrying;

    /// <param name="width">How many passes run at a time, those that wait for a device not counted.</param>
    /// <param name="startThread">Runs something on a thread of its own; throws what <see cref="Thread.Start()"/> throws. Null for that.</param>
    public PatientScheduler(int width, Action<Action>? startThread = null)
    {
        _width = width;
        _startThread = startThread ?? (static run => new Thread(run.Invoke) { IsBackground = true, Name = "guests" }.Start());
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => _width;

    /// <summary>This thread's place among the runners; null where no pass runs.</summary>
    internal static Runner? RunnerHere => t_current;

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
        {
            return [.. _waiting];
        }
    }

    // Under the lock.
    private void StartSome()
    {
        while (_counted < _width && _runners.Count < MaxThreads && IsAnyUnclaimed())
        {
            Runner runner = new(this);
            _runners.Add(runner);
            _counted++;
            try
            {
                _startThread(() => Run(runner));
            }
            catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
            {
                // The host gives no thread now. Whoever queued this has nobody to tell, and its pass must not be forgotten.
                _runners.Remove(runner);
                _counted--;
                if (!_isRetrying)
                {
                    _isRetrying = true;
                    _ = StartLaterAsync();
                }

                return;
            }
        }

        if (_waiting.Count > 0 && !_isTimed)
        {
            _isTimed = true;
            _ = LookForWaitsAsync();
        }
    }

    // Threads that have just been started take one each.
    private bool IsAnyUnclaimed()
    {
        int starting = 0;
        foreach (Runner runner in _runners)
        {
            starting += runner.HasBegun ? 0 : 1;
        }

        return starting < _waiting.Count;
    }

    private void Run(Runner runner)
    {
        t_current = runner;
        while (TakeNext(runner) is { } task)
        {
            TryExecuteTask(task);
        }

        t_current = null;
    }

    private Task? TakeNext(Runner runner)
    {
        lock (_lock)
        {
            // Where waits ended while others had taken their place there are too many now.
            if (_counted <= _width && _waiting.TryDequeue(out Task? task))
            {
                runner.HasBegun = true;
                return task;
            }

            _counted--;
            _runners.Remove(runner);
            StartSome();
            return null;
        }
    }

    private async Task LookForWaitsAsync()
    {
        await Task.Delay(Patience).ConfigureAwait(false);
        lock (_lock)
        {
            _isTimed = false;
            foreach (Runner runner in _runners)
            {
                if (runner.IsCounted && runner.HasWaited(Patience))
                {
                    runner.IsCounted = false;
                    _counted--;
                }
            }

            StartSome();
        }
    }

    private async Task StartLaterAsync()
    {
        await Task.Delay(ThreadPause).ConfigureAwait(false);
        lock (_lock)
        {
            _isRetrying = false;
            StartSome();
        }
    }

    /// <summary>A thread of the scheduler. Changed under its lock.</summary>
    internal sealed class Runner(PatientScheduler owner)
    {
        // How many parts of its pass, one within the other, may wait for a device.
        private int _waits;
        private long _waitsSince;

        /// <summary>Whether it has taken its first pass.</summary>
        public bool HasBegun { get; set; }

        /// <summary>Whether its pass is among the few.</summary>
        public bool IsCounted { get; set; } = true;

        /// <summary>A part of its pass that may wait for a device begins, within others or not.</summary>
        public void BeginWait()
        {
            lock (owner._lock)
            {
                if (_waits++ == 0)
                {
                    _waitsSince = Environment.TickCount64;
                }
            }
        }

        /// <summary>It ended. The pass goes on at once, whether there is room or not: what it has begun others may wait for.</summary>
        public void EndWait()
        {
            lock (owner._lock)
            {
                if (--_waits > 0 || IsCounted)
                {
                    return;
                }

                IsCounted = true;
                owner._counted++;
            }
        }

        /// <summary>Whether it has waited for a device for so long. Under the lock.</summary>
        public bool HasWaited(TimeSpan patience) => _waits > 0 && Environment.TickCount64 - _waitsSince >= patience.TotalMilliseconds;
    }
}
