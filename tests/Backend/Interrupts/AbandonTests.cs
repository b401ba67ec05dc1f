using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>
/// Answers that a guest never got, and a guest that goes while its request is under way: whatever the order, nothing
/// stays mapped that nobody knows of.
/// </summary>
public sealed class AbandonTests
{
    [Fact]
    public void An_abandoned_grant_is_taken_back_on_another_thread()
    {
        using OwnedFunction owned = new();
        int caller = Environment.CurrentManagedThreadId;
        int worker = 0;
        InterruptReply reply = owned.EnableMsix(0, 1, 2);
        owned.Xen.Observer = _ => worker = Environment.CurrentManagedThreadId;

        owned.Operations.Abandon(owned.Function, reply.Ticket);

        Bench.Eventually(() => owned.State.Vectors == 0, "nothing enabled");
        owned.AssertNothingLeft();
        Assert.NotEqual(caller, worker);
    }

    [Fact]
    public void A_stale_ticket_does_not_take_a_later_grant_back()
    {
        using OwnedFunction owned = new();
        InterruptReply first = owned.EnableMsi();
        owned.Operations.DisableMsi(owned.Function);
        InterruptReply second = owned.EnableMsi();

        owned.Operations.Abandon(owned.Function, first.Ticket);
        owned.Operations.Abandon(owned.Function, 0);
        owned.Operations.Dispose(); // waits for the cleaning

        Assert.NotEqual(first.Ticket, second.Ticket);
        Assert.Equal((InterruptMode.Msi, 1), (owned.State.Mode, owned.Pirqs.Count));
    }

    [Fact]
    public void An_enable_that_follows_an_abandoned_one_finds_the_way_free()
    {
        using OwnedFunction owned = new();
        for (int i = 0; i < 200; i++)
        {
            InterruptReply reply = owned.EnableMsix(0, 1);
            Assert.Equal(PciOpStatus.Success, reply.Status);
            owned.Operations.Abandon(owned.Function, reply.Ticket);
        }

        Bench.Eventually(() => owned.State.Vectors == 0, "nothing enabled");
        owned.AssertNothingLeft();
    }

    [Fact]
    public void A_cleaning_that_fails_is_made_again()
    {
        using OwnedFunction owned = new();
        InterruptReply reply = owned.EnableMsix(0, 1, 2);
        int failures = 0;
        owned.Xen.Observer = request =>
        {
            if (request.Call == LoopbackCall.Unmap && failures++ == 0)
            {
                throw new InvalidOperationException("nobody foresaw this");
            }
        };

        owned.Operations.Abandon(owned.Function, reply.Ticket);

        Bench.Eventually(() => owned.State.Vectors == 0, "nothing enabled");
        owned.AssertNothingLeft();
        Assert.Contains(owned.Lines.Warnings, line => line.Contains("could not be taken back: nobody foresaw this", StringComparison.Ordinal));
    }

    [Fact]
    public void A_function_that_leaves_during_a_slow_set_up_ends_with_nothing_mapped()
    {
        using OwnedFunction owned = new();
        using ManualResetEventSlim inside = new();
        using ManualResetEventSlim goOn = new();
        owned.Xen.Observer = request =>
        {
            if (request is { Call: LoopbackCall.MapMessage, Number: 1 })
            {
                inside.Set();
                goOn.Wait();
            }
        };
        InterruptReply late = default;
        Thread worker = new(() => late = owned.EnableMsix(0, 1, 2));
        worker.Start();
        inside.Wait();
        Thread opener = new(() =>
        {
            Thread.Sleep(50);
            goOn.Set();
        });
        opener.Start();

        bool closed = owned.Operations.Remove(owned.Function);

        worker.Join();
        opener.Join();
        Assert.True(closed);
        Assert.Equal((PciOpStatus.OperationFailed, unchecked((uint)-19), 0L), (late.Status, late.Value, late.Ticket));
        owned.AssertNothingLeft();
    }

    [Fact]
    public void A_function_whose_set_up_does_not_come_back_is_not_given_to_others_and_cleans_up_when_it_does()
    {
        using OwnedFunction owned = new();
        using ManualResetEventSlim inside = new();
        using ManualResetEventSlim goOn = new();
        owned.Xen.Observer = request =>
        {
            if (request.Call == LoopbackCall.MapMessage)
            {
                inside.Set();
                goOn.Wait();
            }
        };
        Thread worker = new(() => owned.EnableMsi());
        worker.Start();
        inside.Wait();

        Assert.False(owned.Operations.Remove(owned.Function));

        goOn.Set();
        worker.Join();
        owned.AssertNothingLeft();
    }

    [Fact]
    public void A_hypercall_that_hangs_makes_later_requests_fail_instead_of_wait()
    {
        using OwnedFunction owned = new();
        using ManualResetEventSlim inside = new();
        using ManualResetEventSlim goOn = new();
        owned.Xen.Observer = _ =>
        {
            inside.Set();
            goOn.Wait();
        };
        InterruptReply hung = default;
        Thread worker = new(() => hung = owned.EnableMsi());
        worker.Start();
        inside.Wait();
        long start = Environment.TickCount64;

        InterruptReply msix = owned.EnableMsix(0);
        InterruptReply off = owned.Operations.DisableMsi(owned.Function);

        // A worker of the pool is held for far less than a request may take.
        Assert.InRange(Environment.TickCount64 - start, 0, 1400);
        Assert.Equal((PciOpStatus.OperationFailed, unchecked((uint)-16)), (msix.Status, msix.Value));
        Assert.Equal(PciOpStatus.Success, off.Status);
        owned.Xen.Observer = null;
        goOn.Set();
        worker.Join();

        // Nobody waits for that answer any more: the engine abandons it.
        owned.Operations.Abandon(owned.Function, hung.Ticket);
        Bench.Eventually(() => owned.State.Vectors == 0, "nothing enabled");
        owned.AssertNothingLeft();
    }

    [Fact]
    public void Enables_disables_and_abandons_from_many_threads_end_with_nothing_left()
    {
        using OwnedFunction owned = new();
        const int Wanted = 60;
        using Barrier together = new(4);
        int granted = 0;
        long newest = 0;
        bool isOver = false;
        Thread[] threads = [new(Enable), new(Enable), new(Disable), new(AbandonEverything)];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        owned.Operations.DisableMsi(owned.Function);

        owned.AssertNothingLeft();
        Assert.InRange(granted, Wanted, int.MaxValue);
        Assert.Equal(granted, owned.State.Enables);

        void Enable()
        {
            together.SignalAndWait();
            long start = Environment.TickCount64;
            for (int i = 0; Volatile.Read(ref granted) < Wanted && Environment.TickCount64 - start < 20_000; i++)
            {
                InterruptReply reply = (i % 3) switch
                {
                    0 => owned.EnableMsi(),
                    1 => owned.EnableMsix(i % OwnedFunction.TableSize, (i + 1) % OwnedFunction.TableSize),
                    _ => owned.Operations.EnableMultiMsi(owned.Function, 4),
                };
                if (reply.Status != PciOpStatus.Success)
                {
                    // The other guest's grant stands until one of the two others has had its turn.
                    Thread.Sleep(0);
                    continue;
                }

                Interlocked.Increment(ref granted);
                Volatile.Write(ref newest, reply.Ticket);
            }

            Volatile.Write(ref isOver, true);
        }

        void Disable()
        {
            together.SignalAndWait();
            while (!Volatile.Read(ref isOver))
            {
                Assert.Equal(PciOpStatus.Success, owned.Operations.DisableMsix(owned.Function).Status);
            }
        }

        void AbandonEverything()
        {
            together.SignalAndWait();
            while (!Volatile.Read(ref isOver))
            {
                owned.Operations.Abandon(owned.Function, Volatile.Read(ref newest));
            }
        }
    }

    [Fact]
    public void A_function_taken_away_among_racing_requests_keeps_nothing()
    {
        for (int round = 0; round < 200; round++)
        {
            using OwnedFunction owned = new();
            using Barrier together = new(3);
            Thread[] threads =
            [
                new(() =>
                {
                    together.SignalAndWait();
                    owned.EnableMsix(0, 1, 2);
                }),
                new(() =>
                {
                    together.SignalAndWait();
                    owned.Operations.DisableMsi(owned.Function);
                    owned.EnableMsi();
                }),
                new(() =>
                {
                    together.SignalAndWait();
                    Assert.True(owned.Operations.Remove(owned.Function));
                }),
            ];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());

            Assert.Equal(PciOpStatus.OperationFailed, owned.EnableMsi().Status);
            owned.AssertNothingLeft();
        }
    }

    [Fact]
    public void A_platform_that_is_closed_under_a_late_request_fails_it()
    {
        using OwnedFunction owned = new();
        owned.Physdev.Dispose();
        Assert.Equal(PciOpStatus.OperationFailed, owned.EnableMsi().Status);
        Assert.Equal(PciOpStatus.OperationFailed, owned.EnableMsix(0).Status);
        Assert.Equal(PciOpStatus.Success, owned.Operations.DisableMsi(owned.Function).Status);
    }
}
