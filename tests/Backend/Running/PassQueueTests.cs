using System.Collections.Concurrent;
using CsCheck;
using PciBackFlow.Backend.Running;

namespace PciBackFlow.Backend.Tests.Running;

/// <summary>The contract of passes by key: serial for each key, coalesced, nothing lost, made again after a failure, ended in order.</summary>
public sealed class PassQueueTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task Whatever_happens_while_a_pass_waits_to_begin_is_one_pass()
    {
        using Gate gate = new();
        using PassQueue<int> queue = gate.Queue();
        queue.Wake(1);
        await gate.Entered(1);

        for (int happened = 0; happened < 1000; happened++)
        {
            queue.Wake(1);
        }

        Assert.True(queue.IsPending(1));
        gate.Open();
        queue.Dispose();
        Assert.Equal(2, gate.Passes(1));
        Assert.False(queue.IsPending(1));
    }

    [Fact]
    public async Task Passes_of_different_keys_are_made_side_by_side()
    {
        using Gate gate = new();
        using PassQueue<int> queue = gate.Queue();
        queue.Wake(1);
        queue.Wake(2);

        await gate.Entered(1);
        await gate.Entered(2);

        gate.Open();
    }

    [Fact]
    public async Task The_scheduler_says_how_many_are_made_at_a_time()
    {
        using Gate gate = new();
        using PassQueue<int> queue = gate.Queue(new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, 1).ConcurrentScheduler);
        queue.Wake(1);
        await gate.Entered(1);

        queue.Wake(2);

        Assert.True(queue.IsPending(2));
        gate.Open();
        await gate.Entered(2);
    }

    [Fact]
    public async Task A_failed_pass_is_made_again_after_the_pause_and_others_meanwhile()
    {
        int tries = 0;
        // Whoever waits here ends the queue, which is not to be done on a pass.
        TaskCompletionSource other = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ConcurrentQueue<string> failures = new();
        using PassQueue<string> queue = new(
            key =>
            {
                if (key == "other")
                {
                    other.TrySetResult();
                }
                else if (++tries < 3)
                {
                    throw new InvalidOperationException($"try {tries}");
                }
                else
                {
                    done.TrySetResult();
                }

                return Task.CompletedTask;
            },
            (key, failure) =>
            {
                failures.Enqueue($"{key}: {failure.Message}");
                return true;
            },
            retryPause: Moment);

        queue.Wake("refused");
        queue.Wake("other");

        await done.Task.WaitAsync(Soon);
        await other.Task.WaitAsync(Soon);
        Assert.Equal(["refused: try 1", "refused: try 2"], failures);
    }

    [Fact]
    public async Task A_failure_nobody_wants_again_does_not_keep_the_key_from_later_passes()
    {
        ConcurrentQueue<int> passes = new();
        using SemaphoreSlim failed = new(0);
        using PassQueue<int> queue = new(
            key =>
            {
                passes.Enqueue(key);
                throw new InvalidOperationException("a defect");
            },
            (_, _) =>
            {
                failed.Release();
                return false;
            },
            retryPause: Moment);

        queue.Wake(1);
        Assert.True(await failed.WaitAsync(Soon));
        queue.Wake(1);
        Assert.True(await failed.WaitAsync(Soon));

        Assert.Equal(2, passes.Count);
    }

    [Fact]
    public async Task However_often_a_later_pass_is_asked_for_within_the_pause_it_is_one()
    {
        using Gate gate = new(isOpen: true);
        using PassQueue<int> queue = gate.Queue(retryPause: TimeSpan.FromMilliseconds(100));

        for (int request = 0; request < 1000; request++)
        {
            queue.WakeLater(1);
        }

        await gate.Entered(1);
        queue.Dispose();
        Assert.Equal(1, gate.Passes(1));
    }

    [Fact]
    public async Task Ending_waits_for_passes_that_were_asked_for_and_makes_none_that_is_asked_for_later()
    {
        using Gate gate = new();
        using PassQueue<int> queue = gate.Queue(retryPause: Moment);
        queue.Wake(1);
        await gate.Entered(1);
        queue.Wake(1);
        queue.WakeLater(2);

        Assert.False(queue.End(Moment));
        queue.Wake(3);
        queue.WakeLater(3);
        gate.Open();

        Assert.True(queue.End(Soon));
        Assert.Equal((2, 0), (gate.Passes(1), gate.Passes(3)));
    }

    // What happens, in order: a thing changes and is woken, or the pass over it will fail the next few times.
    [Fact]
    public void Nothing_that_happens_is_lost_and_no_two_passes_of_a_thing_overlap() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 9]).Array[0, 200].Sample(steps => Run(steps), iter: 40, threads: 1);

    private static bool Run((int Thing, int Kind)[] steps)
    {
        long[] changes = new long[5];
        long[] seen = new long[5];
        int[] inside = new int[5];
        int[] failures = new int[5];
        int overlaps = 0;
        long passes = 0;
        using PassQueue<int> queue = new(
            async thing =>
            {
                if (Interlocked.Increment(ref inside[thing]) != 1)
                {
                    Interlocked.Increment(ref overlaps);
                }

                Interlocked.Increment(ref passes);
                long read = Volatile.Read(ref changes[thing]);
                if (read % 3 == 0)
                {
                    await Task.Yield();
                }

                bool fails = Interlocked.Decrement(ref failures[thing]) >= 0;
                if (!fails)
                {
                    Volatile.Write(ref seen[thing], read);
                }

                Interlocked.Decrement(ref inside[thing]);
                if (fails)
                {
                    throw new InvalidOperationException("refused");
                }
            },
            static (_, _) => true,
            new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, 3).ConcurrentScheduler,
            Moment);

        Parallel.ForEach(steps, new() { MaxDegreeOfParallelism = 3 }, step =>
        {
            if (step.Kind == 0)
            {
                Interlocked.Exchange(ref failures[step.Thing], 2);
            }

            Interlocked.Increment(ref changes[step.Thing]);
            queue.Wake(step.Thing);
        });
        bool isComplete = SpinWait.SpinUntil(
            () => Enumerable.Range(0, 5).All(thing => Volatile.Read(ref seen[thing]) == Volatile.Read(ref changes[thing])), Soon);
        queue.Dispose();
        int retries = 2 * steps.Count(static step => step.Kind == 0);

        return isComplete && overlaps == 0 && passes <= steps.Length + retries && inside.All(static now => now == 0);
    }

    /// <summary>Passes that stay inside until the gate is opened.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly ManualResetEventSlim _open;
        private readonly ConcurrentDictionary<int, int> _passes = new();

        public Gate(bool isOpen = false) => _open = new(isOpen);

        public PassQueue<int> Queue(TaskScheduler? scheduler = null, TimeSpan? retryPause = null) => new(
            key =>
            {
                _passes.AddOrUpdate(key, 1, static (_, count) => count + 1);
                _open.Wait();
                return Task.CompletedTask;
            },
            static (_, _) => false,
            scheduler,
            retryPause);

        public int Passes(int key) => _passes.GetValueOrDefault(key);

        public async Task Entered(int key)
        {
            long end = Environment.TickCount64 + (long)Soon.TotalMilliseconds;
            while (Passes(key) == 0)
            {
                Assert.True(Environment.TickCount64 < end, $"no pass of {key}");
                await Task.Delay(Moment);
            }
        }

        public void Open() => _open.Set();

        public void Dispose()
        {
            _open.Set();
        }
    }
}
