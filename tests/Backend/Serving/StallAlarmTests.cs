using System.Collections.Concurrent;
using System.Diagnostics;
using PciBackFlow.Backend.Serving;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>A shard that was at work and does not come back is noticed; one that only waits for work is not even asked.</summary>
public sealed class StallAlarmTests
{
    [Fact]
    public async Task A_shard_that_does_not_come_back_is_named()
    {
        using ManualResetEventSlim gate = new();
        TaskCompletionSource<string> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int work = 0;
        using StallAlarm alarm = new(
            new(2, (shard, action) =>
            {
                if (shard == 1)
                {
                    gate.Wait();
                }

                action();
            }),
            shard => shard == 0 ? Volatile.Read(ref work) : 7, static () => false, told.SetResult);
        alarm.Start();

        // Beside other work the machine itself may stand still for so long that nobody is accused; the next request makes it look again.
        long began = Stopwatch.GetTimestamp();
        while (!told.Task.IsCompleted && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
        {
            work++;
            await Task.Delay(50);
        }

        gate.Set();
        Assert.Equal("1", await told.Task);
    }

    [Fact]
    public async Task One_that_was_asked_while_the_machine_stood_still_is_asked_again_though_it_does_nothing_more()
    {
        using ManualResetEventSlim gate = new();
        TaskCompletionSource<string> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        StandingStill clock = new(questions: 1);
        long progress = 0;
        using StallAlarm alarm = new(
            new(1, (_, _) => gate.Wait()), _ => Math.Min(2, Interlocked.Increment(ref progress)), static () => true, told.SetResult, clock);
        alarm.Start();

        string stalled = await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        gate.Set();
        Assert.Equal("0", stalled);
        Assert.True(clock.Asked > 1);
    }

    [Fact]
    public async Task A_shard_that_does_not_answer_but_goes_on_with_its_guests_is_only_slow()
    {
        using ManualResetEventSlim gate = new();
        ConcurrentQueue<string> accused = new();
        long progress = 0;
        int asked = 0;
        using (StallAlarm alarm = new(
            new(1, (_, _) =>
            {
                Interlocked.Increment(ref asked);
                gate.Wait();
            }),
            _ => Interlocked.Increment(ref progress), static () => true, accused.Enqueue))
        {
            alarm.Start();
            Bench.Eventually(() => Volatile.Read(ref asked) == 1, "asked");
            await Task.Delay(2000);
            gate.Set();
        }

        Assert.Empty(accused);
    }

    [Fact]
    public async Task A_shard_without_work_is_not_asked()
    {
        ConcurrentQueue<string> accused = new();
        int asked = 0;
        using (StallAlarm alarm = new(new(1, (_, _) => Interlocked.Increment(ref asked)), static _ => 7, static () => false, accused.Enqueue))
        {
            alarm.Start();
            await Task.Delay(1500);
        }

        Assert.Equal(0, asked);
        Assert.Empty(accused);
    }

    [Fact]
    public void While_all_is_quiet_it_looks_at_nothing_until_it_is_stirred()
    {
        int looks = 0;
        int asked = 0;
        long progress = 0;
        using StallAlarm alarm = new(
            new(1, (_, action) =>
            {
                Interlocked.Increment(ref asked);
                action();
            }),
            _ =>
            {
                Interlocked.Increment(ref looks);
                return Interlocked.Read(ref progress);
            },
            static () => true, static _ => { });
        alarm.Start();
        Bench.Eventually(() => Volatile.Read(ref looks) == 2, "the first look, and one after a second");
        Thread.Sleep(2500);
        Assert.Equal((2, 0), (Volatile.Read(ref looks), Volatile.Read(ref asked)));

        Interlocked.Increment(ref progress);
        alarm.Stir();
        Bench.Eventually(() => Volatile.Read(ref asked) == 1, "asked");
    }

    [Fact]
    public void One_that_answers_in_time_is_left_alone()
    {
        ConcurrentQueue<string> accused = new();
        int asked = 0;
        long progress = 0;
        using (StallAlarm alarm = new(
            new(1, (_, action) =>
            {
                Interlocked.Increment(ref asked);
                action();
            }),
            _ => Interlocked.Increment(ref progress), static () => true, accused.Enqueue))
        {
            alarm.Start();
            Bench.Eventually(() => Volatile.Read(ref asked) >= 2, "asked twice");
        }

        Assert.Empty(accused);
    }

    // To whom the first questions take a second longer than they do. Each question reads the clock twice.
    private sealed class StandingStill(int questions) : TimeProvider
    {
        private int _reads;

        public int Asked => Volatile.Read(ref _reads) / 2;

        public override long GetTimestamp()
        {
            int read = Interlocked.Increment(ref _reads);
            return base.GetTimestamp() + (read % 2 == 0 && read / 2 <= questions ? TimestampFrequency : 0);
        }
    }
}
