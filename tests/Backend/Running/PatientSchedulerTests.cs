using PciBackFlow.Backend.Running;

namespace PciBackFlow.Backend.Tests.Running;

/// <summary>How many passes run at a time, and who is left out of the count.</summary>
public sealed class PatientSchedulerTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(400);

    [Fact]
    public async Task What_only_takes_long_counts_among_the_few()
    {
        PatientScheduler scheduler = new(2);
        using ManualResetEventSlim gate = new();
        Task[] slow = [Start(scheduler, () => gate.Wait()), Start(scheduler, () => gate.Wait())];
        Task next = Start(scheduler, static () => { });

        await Task.Delay(Soon);

        Assert.False(next.IsCompleted);
        gate.Set();
        await Task.WhenAll([.. slow, next]).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task What_waits_for_a_device_does_not_count_until_it_goes_on()
    {
        PatientScheduler scheduler = new(1);
        using ManualResetEventSlim gate = new();
        Task waiting = Start(scheduler, () =>
        {
            using (DeviceWait.Begin())
            {
                gate.Wait();
            }
        });

        await Start(scheduler, static () => { }).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.False(waiting.IsCompleted);
        gate.Set();
        await waiting.WaitAsync(TimeSpan.FromSeconds(20));
        await Start(scheduler, static () => { }).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task After_many_waits_no_more_run_at_a_time_than_before()
    {
        PatientScheduler scheduler = new(2);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Start(scheduler, static () =>
        {
            using (DeviceWait.Begin())
            {
                Thread.Sleep(20);
            }
        }))).WaitAsync(TimeSpan.FromSeconds(20));
        int running = 0;
        int most = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Start(scheduler, () =>
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            Thread.Sleep(5);
            Interlocked.Decrement(ref running);
        }))).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(2, most);
    }

    [Fact]
    public async Task A_host_that_gives_no_thread_is_asked_again_and_no_pass_is_lost()
    {
        int refused = 0;
        PatientScheduler scheduler = new(1, run =>
        {
            if (refused++ < 2)
            {
                throw new InsufficientMemoryException("no thread");
            }

            new Thread(run.Invoke).Start();
        });

        await Start(scheduler, static () => { }).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(3, refused);
    }

    private static Task Start(TaskScheduler scheduler, Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.None, scheduler);

    private static void InterlockedMax(ref int most, int value)
    {
        int seen = Volatile.Read(ref most);
        while (value > seen)
        {
            int now = Interlocked.CompareExchange(ref most, value, seen);
            if (now == seen)
            {
                return;
            }

            seen = now;
        }
    }
}
