using System.ComponentModel;
using System.Net.Sockets;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Succession;
using PciBackFlow.Backend.Tests.Inheritance;

namespace PciBackFlow.Backend.Tests.Succession;

/// <summary>What goes wrong between two words, on either side: exactly one of the two serves in the end.</summary>
public sealed class AwkwardInstantTests
{
    private const int Domain = 5;

    [Fact]
    public async Task A_successor_that_has_gone_when_its_last_word_is_heard_is_none()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using AskingGuest guest = new(frontend);
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(bench.Socket));
        SuccessionLine line = new(socket);
        await line.SendAsync(new(SuccessionWord.Hello, bench.Terms), default);
        await line.ReceiveAsync(TimeSpan.FromSeconds(10), default, SuccessionWord.Quiet);
        using ManualResetEventSlim gone = new();
        serving.Releasing = () => Assert.True(gone.Wait(TimeSpan.FromSeconds(10)));
        await line.SendAsync(new(SuccessionWord.Release), default);
        await line.SendAsync(new(SuccessionWord.Serving), default);
        line.Dispose();
        gone.Set();

        Bench.Eventually(() => serving.Listened == 1, "it serves again");
        Assert.Equal(0, serving.Followed);
        guest.AwaitMore();
        serving.Releasing = static () => { };
        await bench.Follow();
        guest.AwaitMore();
    }

    [Fact]
    public async Task A_successor_that_cannot_be_ended_does_not_keep_the_other_one_from_coming_back()
    {
        using SuccessionBench bench = new() { Timing = new() { Serving = TimeSpan.FromSeconds(1) } };
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using AskingGuest guest = new(frontend);
        serving.Killed = static _ => throw new Win32Exception(1);
        using Predecessor hanging = (await Predecessor.ConnectAsync(bench.Socket))!;
        await hanging.AgreeAsync(bench.Terms);
        await hanging.ReleaseAsync();

        Bench.Eventually(() => serving.Listened == 1, "it serves again");
        guest.AwaitMore();
    }

    [Fact]
    public async Task A_service_manager_that_is_not_told_does_not_keep_the_other_one_from_serving()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using AskingGuest guest = new(frontend);
        serving.Succeeding = static () => throw new SocketException((int)SocketError.ConnectionRefused);

        await bench.Follow();

        Assert.Equal(Environment.ProcessId, await serving.Server!.Over);
        guest.AwaitMore();
    }

    [Fact]
    public async Task A_defect_before_anything_was_given_up_leaves_commands_taken()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        serving.Defect = new IOException("no descriptor is left");
        using (Predecessor early = (await Predecessor.ConnectAsync(bench.Socket))!)
        {
            BackendException refused = await Assert.ThrowsAsync<BackendException>(() => early.AgreeAsync(bench.Terms));
            Assert.Contains("no descriptor is left", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, serving.Listened);
        serving.Defect = null;
        await bench.Follow();
    }

    [Fact]
    public async Task One_that_is_told_to_end_waits_for_who_is_about_to_follow()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using AskingGuest guest = new(frontend);
        serving.Killed = static _ => Assert.Fail("nobody is to be ended");
        using Predecessor predecessor = (await Predecessor.ConnectAsync(bench.Socket))!;
        await predecessor.AgreeAsync(bench.Terms);
        SuccessionBench.LiveDaemon next = bench.Make();
        next.Backend.Open();
        await predecessor.ReleaseAsync();

        var ending = Task.Run(serving.Server!.Dispose, TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        next.Backend.Start();
        await predecessor.ConfirmAsync();

        await ending;
        Assert.Equal(Environment.ProcessId, serving.Followed);
        guest.AwaitMore();
    }

    /// <summary>The program has not changed, but what it claimed for guests is nobody's: it cleans up after them as a new one would.</summary>
    [Fact]
    public async Task A_guest_that_ends_while_nobody_serves_leaves_its_device_free()
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using (Predecessor dying = (await Predecessor.ConnectAsync(bench.Socket))!)
        {
            await dying.AgreeAsync(bench.Terms);
            await dying.ReleaseAsync();
            bench.Host.DestroyDomain(Domain);
        }

        Bench.Eventually(() => serving.Listened == 1, "it serves again");
        Bench.Eventually(() => serving.Backend.Guests.Count == 0, "the guest is gone");
        Assert.Null(Assert.Single(serving.Held).OwnerDomain);
    }

    [Fact]
    public async Task A_service_managers_variables_go_to_who_follows()
    {
        using SuccessionBench bench = new() { ServiceVariables = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = "/run/notify" } };
        bench.Serve();
        using Predecessor predecessor = (await Predecessor.ConnectAsync(bench.Socket))!;
        Assert.Empty(predecessor.ServiceVariables);

        await predecessor.AgreeAsync(bench.Terms);

        Assert.Equal(bench.ServiceVariables, predecessor.ServiceVariables);
    }
}
