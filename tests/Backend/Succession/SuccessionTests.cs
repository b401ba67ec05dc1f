using System.Collections.Concurrent;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Succession;
using PciBackFlow.Backend.Tests.Inheritance;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Succession;

/// <summary>A daemon follows another that lives: its guests are served on, by exactly one of the two.</summary>
public sealed class SuccessionTests
{
    private const int Domain = 5;

    [Fact]
    public async Task Ten_daemons_follow_each_other_under_a_guest_that_asks_without_a_pause()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        RestartBench.Mark(frontend);
        ConnectedGuestTests.EnableMsix(frontend);
        int pirqs = bench.Host.Passthrough.PirqsOf(Domain).Count;
        List<double> waits = [];
        using (AskingGuest guest = new(frontend))
        {
            guest.AwaitMore();
            for (int i = 0; i < 10; i++)
            {
                guest.Forget();
                SuccessionBench.LiveDaemon next = await bench.Follow();
                Assert.Equal(Environment.ProcessId, await serving.Server!.Over);
                Assert.Equal(Environment.ProcessId, serving.Followed);
                guest.AwaitMore();
                waits.Add(guest.Longest.TotalMilliseconds);
                Assert.Equal(Domain, Assert.Single(next.Backend.Guests).DomainId);
                Assert.DoesNotContain(serving.Backend.Guests, static one => one.IsAttached);
                serving = next;
            }
        }

        Assert.True(RestartBench.IsMarked(frontend));
        Assert.Equal(pirqs, bench.Host.Passthrough.PirqsOf(Domain).Count);
        string longest = string.Join(", ", waits.Select(static wait => $"{wait:0.00}"));
        TestContext.Current.TestOutputHelper?.WriteLine($"longest access over each succession, ms: {longest}");
    }

    [Theory]
    [InlineData("it is being updated")]
    public async Task One_that_refuses_serves_on_and_may_be_followed_later(string objection)
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using AskingGuest guest = new(frontend);
        serving.Objection = objection;

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bench.Follow());

        Assert.Contains(objection, refused.Message, StringComparison.Ordinal);
        guest.AwaitMore();
        serving.Objection = null;
        await bench.Follow();
        guest.AwaitMore();
    }

    [Fact]
    public async Task While_guests_wait_nothing_is_asked_of_xenstore_that_it_said_before()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using AskingGuest guest = new(frontend);
        guest.AwaitMore();
        ConcurrentQueue<string> asked = new();
        await bench.Follow(next =>
        {
            next.Machine.Asked.Before = (operation, path) => asked.Enqueue($"{operation} {path}");
            next.Lines.Logged = line =>
            {
                if (line.Contains("served by shard", StringComparison.Ordinal))
                {
                    next.Machine.Asked.Before = null;
                }
            };
        });

        Assert.Empty(asked);
        guest.AwaitMore();
    }

    [Fact]
    public async Task What_the_guest_or_its_toolstack_changes_meanwhile_is_seen()
    {
        using SuccessionBench bench = new();
        bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        SuccessionBench.LiveDaemon next = await bench.Follow(_ => bench.Store.Write(StoreKeys.StateOf(Bench.BackendPath(Domain)), "5"));
        Bench.Eventually(() => next.Backend.Guests.Single().Backend == XenbusState.Closing, "it is asked to close");
    }

    [Fact]
    public async Task A_device_with_a_request_of_its_last_guest_inside_is_handed_on_to_no_other_process()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        bench.Card.HoldNextWrite(ConfigRegisters.Command);
        Assert.Equal(PciOpStatus.OperationFailed, frontend.Write(0, ConfigRegisters.Command, 2, CommandBits.Memory));
        bench.Store.Remove(Bench.BackendPath(Domain));
        Bench.Eventually(() => serving.Lines.Warnings.Any(static line => line.Contains("stays claimed", StringComparison.Ordinal)), "it is taken away");

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bench.Follow());

        Assert.Contains("has not come back", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, serving.Listened);
        bench.Card.LetGo();
        Bench.Eventually(() => serving.Lines.Texts.Any(static line => line.Contains("taken back", StringComparison.Ordinal)), "it comes back");
        await bench.Follow();
    }

    [Fact]
    public async Task What_is_being_done_with_a_device_is_waited_for_while_guests_are_served()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using AskingGuest guest = new(frontend);
        TaskCompletionSource done = new();
        serving.Machine.Change = done.Task;

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bench.Follow());

        Assert.Contains("being taken or given back", refused.Message, StringComparison.Ordinal);
        guest.AwaitMore();
        Task settled = serving.Backend.SettleAsync(TimeSpan.FromMinutes(1));
        Assert.False(settled.IsCompleted);
        guest.AwaitMore();
        done.SetResult();
        await settled.WaitAsync(TimeSpan.FromSeconds(20));
        await bench.Follow();
    }

    [Fact]
    public async Task One_that_comes_too_late_is_told_and_must_not_serve()
    {
        using SuccessionBench bench = new() { Timing = new() { Serving = TimeSpan.FromSeconds(2) } };
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using AskingGuest guest = new(frontend);
        int killed = 0;
        serving.Killed = process => killed = process;
        using Predecessor predecessor = (await Predecessor.ConnectAsync(bench.Socket))!;
        await predecessor.AgreeAsync(bench.Terms);
        await predecessor.ReleaseAsync();

        Bench.Eventually(() => serving.Listened == 1, "it serves again");

        Assert.Equal(Environment.ProcessId, killed);
        BackendException late = await Assert.ThrowsAsync<BackendException>(predecessor.ConfirmAsync);
        Assert.Contains("too late", late.Message, StringComparison.Ordinal);
        guest.AwaitMore();
        await bench.Follow();
        guest.AwaitMore();
    }

    [Fact]
    public async Task One_whose_predecessor_died_after_it_let_go_serves()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using MemoryPredecessor dying = new(bench);
        using Predecessor predecessor = (await Predecessor.ConnectAsync(dying.Socket))!;
        await predecessor.AgreeAsync(bench.Terms);
        await predecessor.ReleaseAsync();
        serving.Backend.Release();

        dying.Die();
        await predecessor.ConfirmAsync();
    }

    /// <summary>It must not go on as if it served: a service manager starts another one.</summary>
    [Fact]
    public async Task One_that_cannot_come_back_ends()
    {
        using SuccessionBench bench = new() { Timing = new() { Serving = TimeSpan.FromSeconds(2) } };
        SuccessionBench.LiveDaemon serving = bench.Serve();
        SuccessionBench.LiveDaemon thief = bench.Make();
        using (Predecessor predecessor = (await Predecessor.ConnectAsync(bench.Socket))!)
        {
            await predecessor.AgreeAsync(bench.Terms);
            await predecessor.ReleaseAsync();
            thief.Backend.Start();
        }

        BackendException end = await Assert.ThrowsAsync<BackendException>(() => serving.Server!.Over);
        Assert.Contains("cannot serve again", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_followed_where_nobody_listens()
    {
        using SuccessionBench bench = new();
        Assert.Null(await Predecessor.ConnectAsync(bench.Socket));
    }

    [Fact]
    public async Task What_is_asked_while_nobody_serves_is_answered_by_the_successor()
    {
        using SuccessionBench bench = new();
        bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using Predecessor predecessor = (await Predecessor.ConnectAsync(bench.Socket))!;
        await predecessor.AgreeAsync(bench.Terms);
        SuccessionBench.LiveDaemon next = bench.Make();
        next.Backend.Open();
        await predecessor.ReleaseAsync();

        frontend.Post(new() { Command = PciOpCode.ConfigRead, Offset = 0, Size = 4 });
        next.Backend.Start();
        await predecessor.ConfirmAsync();

        Assert.Equal((PciOpStatus.Success, 0x10FB_8086u), (frontend.AwaitAnswer() is var answer ? answer.Error : default, answer.Value));
    }
}
