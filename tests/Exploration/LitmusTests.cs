using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Exploration.Tests;

using AutoResetEvent = Pipeline.AutoResetEvent;
using Interlocked = Pipeline.Interlocked;
using Monitor = Pipeline.Monitor;
using Thread = Pipeline.Thread;
using Volatile = Pipeline.Volatile;

/// <summary>
/// What x86 may do and what it may not: the small programs by which memory models are told apart, and the explorer's verdict on each.
/// </summary>
[Collection(StillHeap.OneAtATime)]
public sealed class LitmusTests
{
    private const int Schedules = 1000;

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_store_may_be_overtaken_by_a_later_load_unless_a_fence_stands_between(bool fence, bool overtakes)
    {
        Finding? finding = Explore(s =>
        {
            int a = -1;
            Thread other = Start(() =>
            {
                Volatile.Write(ref s.X, 1);
                Fence(fence);
                a = Volatile.Read(ref s.Y);
            });
            Volatile.Write(ref s.Y, 1);
            Fence(fence);
            int b = Volatile.Read(ref s.X);
            other.Join();
            Scenario.Check(a + b > 0, "both loads overtook the stores");
        });

        Assert.Equal(overtakes, finding is not null);
    }

    [Fact]
    public void Stores_become_visible_in_their_order() => Assert.Null(Explore(s =>
    {
        Thread other = Start(() =>
        {
            Volatile.Write(ref s.X, 1);
            Volatile.Write(ref s.Y, 1);
        });
        int b = Volatile.Read(ref s.Y);
        int a = Volatile.Read(ref s.X);
        other.Join();
        Scenario.Check(a >= b, "the second store was seen before the first");
    }));

    [Fact]
    public void A_thread_sees_its_own_stores_at_once_and_others_see_them_later()
    {
        Finding? finding = Explore(s =>
        {
            Thread other = Start(() =>
            {
                Volatile.Write(ref s.X, 7);
                Scenario.Check(Volatile.Read(ref s.X) == 7, "its own store was not there");
                s.Y = 1;
            });
            int seen = s.Y == 0 ? 7 : Volatile.Read(ref s.X);
            other.Join();
            Scenario.Check(seen == 7, "late");
        });

        Assert.Equal("late", finding?.Failure);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_counter_loses_steps_unless_they_are_atomic(bool atomic, bool loses)
    {
        Finding? finding = Explore(s =>
        {
            void Count()
            {
                if (atomic)
                {
                    Interlocked.Increment(ref s.X);
                }
                else
                {
                    Volatile.Write(ref s.X, Volatile.Read(ref s.X) + 1);
                }
            }

            Thread other = Start(Count);
            Count();
            other.Join();
            Scenario.Check(Volatile.Read(ref s.X) == 2, "a step was lost");
        });

        Assert.Equal(loses, finding is not null);
    }

    [Fact]
    public void Two_locks_in_two_orders_are_found_to_block_each_other()
    {
        Finding? finding = Explore(s =>
        {
            object one = new();
            object two = new();
            Thread other = Start(() =>
            {
                using (Monitor.EnterScope(one))
                using (Monitor.EnterScope(two))
                {
                    s.X++;
                }
            });
            using (Monitor.EnterScope(two))
            using (Monitor.EnterScope(one))
            {
                s.X++;
            }

            other.Join();
        });

        Assert.Equal("nobody can go on: main waits for a lock; other waits for a lock", finding?.Failure);
    }

    [Fact]
    public void A_time_limit_ends_only_when_nobody_can_go_on() => Assert.Null(Explore(s =>
    {
        var signal = new AutoResetEvent(false);
        Thread other = Start(() => signal.Set());
        Scenario.Check(signal.WaitOne(1), "the limit ended although the other thread could go on");
        Scenario.Check(!signal.WaitOne(1), "a signal came twice");
        other.Join();
    }));

    [Fact]
    public void An_exception_that_leaves_a_thread_is_a_failure()
    {
        Finding? finding = Explore(s => Start(() => throw new InvalidOperationException("lost")).Join());

        Assert.Contains("other ended with InvalidOperationException: lost", finding?.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_that_waits_for_a_thread_behind_it_is_a_failure()
    {
        Finding? finding = Explore(s =>
        {
            Thread other = Start(() => Volatile.Write(ref s.X, 1));
            while (Volatile.Read(ref s.X) == 0)
            {
            }

            other.Join();
        });

        Assert.StartsWith("no end after", finding?.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_that_lets_others_go_first_ends() => Assert.Null(Explore(s =>
    {
        Thread other = Start(() => Volatile.Write(ref s.X, 1));
        while (Volatile.Read(ref s.X) == 0)
        {
            Thread.Yield();
        }

        other.Join();
    }));

    private static Finding? Explore(Action<Litmus> body) => Explorer.Explore(() => new Litmus(body), 1, Schedules);

    private static Thread Start(Action body)
    {
        var thread = new Thread(() => body()) { Name = "other" };
        thread.Start();
        return thread;
    }

    private static void Fence(bool wanted)
    {
        if (wanted)
        {
            Interlocked.MemoryBarrier();
        }
    }

    private sealed class Litmus(Action<Litmus> body) : Scenario
    {
        internal int X;
        internal int Y;

        public override void Run() => body(this);
    }
}
