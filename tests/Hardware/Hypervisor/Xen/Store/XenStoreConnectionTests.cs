using System.Collections.Concurrent;
using System.Text;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Xen.Store;

/// <summary>What no well-behaved xenstored does, or does too rarely to wait for.</summary>
public sealed class XenStoreConnectionTests
{
    private const int Soon = 10_000;
    private const uint Error = 16;
    private const uint Event = 15;
    private const uint Watch = 4;

    [Fact]
    public async Task Answers_in_any_order_reach_who_asked()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        Task<string?> first = Task.Run(() => store.Read("/first"));
        byte[] firstRequest = transport.Next();
        Task<string?> second = Task.Run(() => store.Read("/second"));
        byte[] secondRequest = transport.Next();

        transport.Answer(secondRequest, 2, "two"u8);
        Assert.Equal("two", await second);
        Assert.False(first.IsCompleted);
        transport.Answer(firstRequest, 2, "one"u8);

        Assert.Equal("one", await first);
    }

    [Fact]
    public async Task A_lost_connection_fails_all_that_wait_and_all_that_follow_and_is_said_once()
    {
        var said = new ConcurrentQueue<string>();
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport, said.Enqueue);
        Task<Errno>[] waiting = [.. Enumerable.Range(0, 5).Select(_ => Task.Run(() => Refused(() => store.Read("/x"))))];
        Array.ForEach(waiting, _ => transport.Next());

        transport.Close();

        Assert.All(await Task.WhenAll(waiting), errno => Assert.Equal(Errno.EIO, errno));
        Assert.Equal(Errno.EIO, Refused(() => store.Write("/x", "")));
        Assert.Equal(Errno.EIO, Refused(() => store.BeginTransaction()));
        Assert.Equal(Errno.EIO, Refused(() => store.Watch("/x", _ => { })));
        Assert.Equal(["script was closed by the other side"], said);
    }

    [Fact]
    public void A_connection_that_is_closed_by_its_owner_is_not_called_lost()
    {
        var said = new ConcurrentQueue<string>();
        var store = new XenStoreConnection(new ScriptedTransport(), said.Enqueue);

        store.Dispose();
        store.Dispose();

        Assert.Empty(said);
        Assert.Throws<ObjectDisposedException>(() => store.Read("/x"));
    }

    [Fact]
    public async Task Closing_fails_a_request_that_waits()
    {
        var transport = new ScriptedTransport();
        var store = new XenStoreConnection(transport);
        Task<Errno> waiting = Task.Run(() => Refused(() => store.Read("/x")));
        transport.Next();

        store.Dispose();

        Assert.Equal(Errno.EIO, await waiting);
    }

    [Fact]
    public async Task A_send_that_fails_loses_the_connection_and_one_that_is_refused_does_not()
    {
        var said = new ConcurrentQueue<string>();
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport, said.Enqueue);

        transport.OnSend = _ => throw new HypervisorException(Errno.EEXIST, "the kernel refuses this one");
        Assert.Equal(Errno.EEXIST, Refused(() => store.Watch("/x", _ => { })));
        transport.OnSend = _ => { };
        Task<string?> read = Task.Run(() => store.Read("/x"));
        transport.Answer(transport.Next(), 2, "1"u8);
        Assert.Equal("1", await read);
        Assert.Empty(said);

        transport.OnSend = _ => throw new IOException("broken pipe");
        Assert.Equal(Errno.EIO, Refused(() => store.Read("/x")));
        Assert.Equal(["broken pipe"], said);
    }

    [Fact]
    public async Task An_answer_of_another_type_or_nonsense_in_place_of_an_errno_is_EIO()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);

        Task<Errno> wrongType = Task.Run(() => Refused(() => store.Read("/x")));
        transport.Answer(transport.Next(), 1, "x\0"u8);
        Assert.Equal(Errno.EIO, await wrongType);

        Task<Errno> noErrno = Task.Run(() => Refused(() => store.Read("/x")));
        transport.Answer(transport.Next(), Error, "what?\0"u8);
        Assert.Equal(Errno.EIO, await noErrno);

        Task<Errno> noPermission = Task.Run(() => Refused(() => store.GetPermissions("/x")));
        transport.Answer(transport.Next(), 3, "n0\0q7\0"u8);
        Assert.Equal(Errno.EIO, await noPermission);

        Task<Errno> noNumber = Task.Run(() => Refused(() => store.BeginTransaction()));
        transport.Answer(transport.Next(), 6, "x\0"u8);
        Assert.Equal(Errno.EIO, await noNumber);
    }

    [Fact]
    public async Task An_answer_nobody_waits_for_is_dropped()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        Task<string?> read = Task.Run(() => store.Read("/x"));
        byte[] request = transport.Next();

        transport.Say(ScriptedTransport.Message(2, 12345, "not yours"u8));
        transport.Say(ScriptedTransport.Message(999, 0, ""u8));
        transport.Answer(request, 2, "yours"u8);

        Assert.Equal("yours", await read);
    }

    [Fact]
    public async Task A_length_beyond_the_limit_ends_the_connection()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        Task<Errno> read = Task.Run(() => Refused(() => store.Read("/x")));
        byte[] request = transport.Next();

        transport.Say([2, 0, 0, 0, .. request.AsSpan(4, 4), 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);

        Assert.Equal(Errno.EIO, await read);
        Assert.Equal(Errno.EIO, Refused(() => store.Read("/x")));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_read_and_not_an_error()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        Task<string?> read = Task.Run(() => store.Read("/x"));

        transport.Answer(transport.Next(), 2, [0x31, 0xFF, 0x00, 0xC3]);

        Assert.Equal("1\uFFFD\0\uFFFD", await read);
    }

    [Fact]
    public async Task An_event_may_come_before_its_watch_is_confirmed_and_one_of_an_unknown_token_is_dropped()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        using var paths = new BlockingCollection<string>();
        Task<IDisposable> watching = Task.Run(() => store.Watch("/w", paths.Add));
        byte[] request = transport.Next();
        string token = Token(request);

        transport.Say(ScriptedTransport.Message(Event, 0, "/w\0nobodys\0"u8));
        transport.Say(ScriptedTransport.Message(Event, 0, ""u8));
        transport.Say(ScriptedTransport.Message(Event, 0, Encoding.ASCII.GetBytes($"/w/early\0{token}\0")));
        transport.Answer(request, Watch, "OK\0"u8);
        await watching;

        Assert.True(paths.TryTake(out string? path, Soon));
        Assert.Equal("/w/early", path);
        Assert.False(paths.TryTake(out _, 30));
    }

    [Fact] // XSA-349: events of one path, or of ever new paths, must not pile up
    public async Task A_storm_of_events_while_a_callback_runs_costs_bounded_memory_and_ends_with_a_look_at_everything()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var seen = new ConcurrentQueue<string>();
        Task<IDisposable> watching = Task.Run(() => store.Watch("/w", path =>
        {
            seen.Enqueue(path);
            entered.Set();
            go.Wait();
        }));
        byte[] request = transport.Next();
        string token = Token(request);
        transport.Answer(request, Watch, "OK\0"u8);
        await watching;
        Fire("/w/0");
        Assert.True(entered.Wait(Soon));

        for (int i = 0; i < 10_000; i++)
        {
            Fire($"/w/{i}");
            Fire("/w/same");
        }

        Task<string?> behind = Task.Run(() => store.Read("/x"));
        transport.Answer(transport.Next(), 2, "all are queued"u8);
        await behind;
        go.Set();

        // One was running, 1024 different paths wait, and one event stands for all others.
        Assert.True(SpinWait.SpinUntil(() => seen.Count == 1 + 1024 + 1, Soon), $"{seen.Count} calls");
        Thread.Sleep(30);
        Assert.Equal(1 + 1024 + 1, seen.Count);
        Assert.Equal("/w", seen.Last());
        Assert.Single(seen, "/w/same");

        void Fire(string path) => transport.Say(ScriptedTransport.Message(Event, 0, Encoding.ASCII.GetBytes($"{path}\0{token}\0")));
    }

    [Fact]
    public async Task A_disposed_watch_is_taken_back_and_an_uncommitted_transaction_aborted()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        Task<IDisposable> watching = Task.Run(() => store.Watch("/w", _ => { }));
        byte[] request = transport.Next();
        transport.Answer(request, Watch, "OK\0"u8);
        IDisposable watch = await watching;
        Task<IXenStoreTransaction> beginning = Task.Run(store.BeginTransaction);
        transport.Answer(transport.Next(), 6, "77\0"u8);
        IXenStoreTransaction transaction = await beginning;

        var unwatching = Task.Run(watch.Dispose);
        byte[] unwatch = transport.Next();
        transport.Answer(unwatch, 5, "OK\0"u8);
        await unwatching;
        var aborting = Task.Run(transaction.Dispose);
        byte[] abort = transport.Next();
        transport.Answer(abort, 7, "OK\0"u8);
        await aborting;

        Assert.Equal((5u, $"/w\0{Token(request)}\0"), (BitConverter.ToUInt32(unwatch), Encoding.ASCII.GetString(unwatch[16..])));
        Assert.Equal((7u, 77u, "F\0"), (BitConverter.ToUInt32(abort), BitConverter.ToUInt32(abort, 8), Encoding.ASCII.GetString(abort[16..])));
        watch.Dispose();
        transaction.Dispose();
        Assert.Empty(transport.Sent);
    }

    [Fact] // Linux's /dev/xen/xenbus mixes requests up, and deadlocks the whole machine's xenstore, otherwise
    public async Task Where_requests_take_turns_each_waits_for_the_answer_before_it()
    {
        var transport = new ScriptedTransport { OneAtATime = true };
        using var store = new XenStoreConnection(transport);
        Task<string?> first = Task.Run(() => store.Read("/1"));
        byte[] read = transport.Next();
        Task<IDisposable> watching = Task.Run(() => store.Watch("/w", _ => { }));
        Assert.False(transport.Sent.TryTake(out _, 50));

        transport.Answer(read, 2, "1"u8);
        byte[] watch = transport.Next();
        Task<string?> second = Task.Run(() => store.Read("/2"));
        Assert.False(transport.Sent.TryTake(out _, 50));
        transport.Answer(watch, Watch, "OK\0"u8);
        transport.Answer(transport.Next(), 2, "2"u8);

        Assert.Equal(("1", "2"), (await first, await second));
        Assert.NotNull(await watching);
    }

    [Fact]
    public async Task Where_requests_take_turns_the_loss_of_the_connection_frees_all_of_them()
    {
        var transport = new ScriptedTransport { OneAtATime = true };
        using var store = new XenStoreConnection(transport);
        Task<Errno>[] waiting = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => Refused(() => store.Read("/x"))))];
        transport.Next();

        transport.Close();

        Assert.All(await Task.WhenAll(waiting), errno => Assert.Equal(Errno.EIO, errno));
    }

    [Fact]
    public void Relative_paths_are_refused_where_they_would_not_be_the_domains_own()
    {
        using var store = new XenStoreConnection(new ScriptedTransport());

        Assert.Equal(Errno.EINVAL, Refused(() => store.Read("domid")));
        Assert.Equal(Errno.EINVAL, Refused(() => store.Watch("device", _ => { })));
    }

    [Fact]
    public async Task A_directory_that_changes_between_its_parts_is_read_anew()
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        Task<IReadOnlyList<string>?> listing = Task.Run(() => store.Directory("/d"));
        transport.Answer(transport.Next(), Error, "E2BIG\0"u8);

        Assert.Equal("/d\00\0", Part("5\0aa\0b\0"u8));
        Assert.Equal("/d\05\0", Part("6\0ccc\0\0"u8));
        Assert.Equal("/d\00\0", Part("6\0aa\0"u8));
        Assert.Equal("/d\03\0", Part("6\0ccc\0\0"u8));

        Assert.Equal(["aa", "ccc"], await listing);

        string Part(ReadOnlySpan<byte> answer)
        {
            byte[] request = transport.Next();
            Assert.Equal(22u, BitConverter.ToUInt32(request));
            transport.Answer(request, 22, answer);
            return Encoding.ASCII.GetString(request[16..]);
        }
    }

    [Theory]
    [InlineData(Errno.ENOSYS, Errno.E2BIG)] // a xenstored that has no parts
    [InlineData(Errno.EACCES, Errno.EACCES)]
    [InlineData(Errno.ENOENT, null)]
    public async Task A_directory_whose_parts_are_refused_is_refused(Errno errno, Errno? reported)
    {
        var transport = new ScriptedTransport();
        using var store = new XenStoreConnection(transport);
        Task<string?> listing = Task.Run(() => store.Directory("/d") is null ? null : "listed");
        transport.Answer(transport.Next(), Error, "E2BIG\0"u8);
        transport.Answer(transport.Next(), Error, Encoding.ASCII.GetBytes($"{errno.Name()}\0"));

        if (reported is null)
        {
            Assert.Null(await listing);
        }
        else
        {
            Assert.Equal(reported, (await Assert.ThrowsAsync<HypervisorException>(() => listing)).Errno);
        }
    }

    [Fact]
    public void A_socket_where_nobody_listens_is_named()
    {
        string path = Path.Combine(Path.GetTempPath(), $"xs-{Guid.NewGuid():n}"[..20]);

        HypervisorException e = Assert.Throws<HypervisorException>(() => XenStoreSocket.Open(path));

        Assert.Equal(Errno.ENOENT, e.Errno);
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => XenStoreSocket.Open(new string('x', 200))).Errno);
    }

    private static string Token(byte[] watchRequest) => Encoding.ASCII.GetString(watchRequest[16..]).Split('\0')[1];

    private static Errno Refused(Action request) => Assert.Throws<HypervisorException>(request).Errno;
}
