using System.Collections.Concurrent;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Tests.Hypervisor;

/// <summary>What every <see cref="IXenStore"/> of a privileged domain does (Xen docs/misc/xenstore.txt).</summary>
public abstract class XenStoreContract
{
    private const int Soon = 5_000;

    /// <summary>Opens a connection of domain 0.</summary>
    protected abstract IXenStore Open();

    /// <summary>An absolute path that exists, is empty and belongs to the test.</summary>
    protected abstract string Scratch { get; }

    [Fact]
    public void What_was_written_is_read_by_every_connection()
    {
        using IXenStore writer = Open();
        using IXenStore reader = Open();

        writer.Write($"{Scratch}/a/b", "1");

        Assert.Equal("1", reader.Read($"{Scratch}/a/b"));
        Assert.Equal("", reader.Read($"{Scratch}/a"));
        Assert.Equal(["b"], reader.Directory($"{Scratch}/a"));
        Assert.Equal([], reader.Directory($"{Scratch}/a/b"));
    }

    [Fact]
    public void An_absent_node_reads_as_null()
    {
        using IXenStore store = Open();

        Assert.Null(store.Read($"{Scratch}/no"));
        Assert.Null(store.Directory($"{Scratch}/no"));
        Assert.Null(store.GetPermissions($"{Scratch}/no/no"));
    }

    [Fact]
    public void A_directory_is_made_with_its_parents_and_an_existing_node_keeps_its_value()
    {
        using IXenStore store = Open();
        store.MakeDirectory($"{Scratch}/x/y");
        Assert.Equal("", store.Read($"{Scratch}/x/y"));
        store.Write($"{Scratch}/x", "kept");

        store.MakeDirectory($"{Scratch}/x");

        Assert.Equal("kept", store.Read($"{Scratch}/x"));
        Assert.Equal(["y"], store.Directory($"{Scratch}/x"));
    }

    [Fact]
    public void Removal_is_recursive_and_an_absent_node_needs_only_a_parent()
    {
        using IXenStore store = Open();
        store.Write($"{Scratch}/r/s/t", "1");

        store.Remove($"{Scratch}/r");
        Assert.Null(store.Read($"{Scratch}/r/s/t"));
        Assert.Null(store.Read($"{Scratch}/r"));

        store.Remove($"{Scratch}/r");
        Assert.Equal("ENOENT", Errno(() => store.Remove($"{Scratch}/r/s")));
    }

    [Theory] // Xen docs/misc/xenstore.txt: characters, no empty component, no trailing slash, at most 3072 or 2048 characters
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/a//b")]
    [InlineData("/a/")]
    [InlineData("/a b")]
    [InlineData("/a.b")]
    [InlineData("/ä")]
    [InlineData("/a:b")]
    [InlineData("relative/")]
    [InlineData("@releaseDomain")]
    [InlineData("3073")]
    [InlineData("2049")]
    public void A_malformed_path_is_refused(string path)
    {
        string probe = path switch
        {
            "3073" => "/" + new string('a', 3072),
            "2049" => new string('a', 2049),
            _ => path,
        };
        using IXenStore store = Open();

        // The root is a path, but nothing to remove.
        Assert.Equal("EINVAL", Errno(() => store.Remove(probe)));
        if (path != "/")
        {
            Assert.Equal("EINVAL", Errno(() => store.Read(probe)));
            Assert.Equal("EINVAL", Errno(() => store.Write(probe, "")));
        }
    }

    [Fact]
    public void Every_allowed_character_and_the_longest_path_are_taken()
    {
        using IXenStore store = Open();
        store.Write($"{Scratch}/AZaz09-_@", "1");
        Assert.Equal("1", store.Read($"{Scratch}/AZaz09-_@"));

        Assert.Null(store.Read(Scratch + "/" + new string('a', 3072 - Scratch.Length - 1)));
    }

    [Fact]
    public void A_value_that_does_not_fit_a_message_is_refused()
    {
        using IXenStore store = Open();
        string path = $"{Scratch}/v";

        // /dev/xen/xenbus takes 4096 bytes with the 16-byte header, and the payload is path, NUL, value.
        string longest = new('v', 4080 - path.Length - 1);
        store.Write(path, longest);
        Assert.Equal(longest, store.Read(path));
        Assert.Equal("E2BIG", Errno(() => store.Write(path, longest + "v")));
        Assert.Equal(longest, store.Read(path));
    }

    [Fact]
    public void Permissions_are_replaced_and_inherited()
    {
        using IXenStore store = Open();
        store.MakeDirectory($"{Scratch}/p");
        XenStorePermission[] permissions = [new(0, XenStoreAccess.None), new(77, XenStoreAccess.Read)];

        store.SetPermissions($"{Scratch}/p", permissions);
        store.Write($"{Scratch}/p/child", "1");

        Assert.Equal(permissions, store.GetPermissions($"{Scratch}/p"));
        Assert.Equal(permissions, store.GetPermissions($"{Scratch}/p/child"));
        Assert.Equal("ENOENT", Errno(() => store.SetPermissions($"{Scratch}/none", permissions)));
    }

    [Fact]
    public void A_transaction_is_seen_by_others_only_when_committed()
    {
        using IXenStore store = Open();
        using IXenStore other = Open();
        using IXenStoreTransaction transaction = store.BeginTransaction();

        transaction.Write($"{Scratch}/t/a", "1");
        transaction.Write($"{Scratch}/t/b", "2");
        Assert.Equal("1", transaction.Read($"{Scratch}/t/a"));
        Assert.Equal(["a", "b"], transaction.Directory($"{Scratch}/t")!.Order());
        Assert.Null(other.Read($"{Scratch}/t/a"));

        Assert.True(transaction.Commit());
        Assert.Equal("2", other.Read($"{Scratch}/t/b"));
    }

    [Fact]
    public void A_transaction_that_is_not_committed_changes_nothing()
    {
        using IXenStore store = Open();
        using (IXenStoreTransaction transaction = store.BeginTransaction())
        {
            transaction.Write($"{Scratch}/t", "1");
        }

        Assert.Null(store.Read($"{Scratch}/t"));
    }

    [Fact]
    public void An_ended_transaction_takes_nothing_more()
    {
        using IXenStore store = Open();
        IXenStoreTransaction transaction = store.BeginTransaction();
        Assert.True(transaction.Commit());

        Assert.Equal("ENOENT", Errno(() => transaction.Read(Scratch)));
        Assert.Equal("ENOENT", Errno(() => transaction.Commit()));
        transaction.Dispose();
    }

    [Theory]
    [InlineData("read")]
    [InlineData("read absent")]
    [InlineData("directory")]
    [InlineData("write")]
    [InlineData("remove subtree")]
    [InlineData("permissions")]
    public void A_transaction_conflicts_when_what_it_used_was_changed_meanwhile(string use)
    {
        using IXenStore store = Open();
        using IXenStore other = Open();
        store.Write($"{Scratch}/c/node", "old");
        using IXenStoreTransaction transaction = store.BeginTransaction();
        switch (use)
        {
            case "read":
                transaction.Read($"{Scratch}/c/node");
                other.Write($"{Scratch}/c/node", "new");
                break;
            case "read absent":
                transaction.Read($"{Scratch}/c/absent");
                other.Write($"{Scratch}/c/absent", "new");
                break;
            case "directory":
                transaction.Directory($"{Scratch}/c");
                other.Write($"{Scratch}/c/another", "new");
                break;
            case "write":
                transaction.Write($"{Scratch}/c/node", "mine");
                other.Write($"{Scratch}/c/node", "new");
                break;
            case "remove subtree":
                transaction.Remove($"{Scratch}/c");
                other.Write($"{Scratch}/c/node", "new");
                break;
            default:
                transaction.Read($"{Scratch}/c/node");
                other.SetPermissions($"{Scratch}/c/node", [new(0, XenStoreAccess.Read)]);
                break;
        }

        transaction.Write($"{Scratch}/result", "1");

        Assert.False(transaction.Commit());
        Assert.Null(store.Read($"{Scratch}/result"));
        Assert.NotNull(store.Read($"{Scratch}/c/node"));
    }

    [Fact]
    public void A_transaction_does_not_conflict_with_changes_elsewhere()
    {
        using IXenStore store = Open();
        using IXenStore other = Open();
        store.Write($"{Scratch}/one/a", "1");
        store.Write($"{Scratch}/two/a", "1");
        using IXenStoreTransaction transaction = store.BeginTransaction();
        transaction.Write($"{Scratch}/one/a", "2");

        other.Write($"{Scratch}/two/a", "2");

        Assert.True(transaction.Commit());
        Assert.Equal(("2", "2"), (store.Read($"{Scratch}/one/a"), store.Read($"{Scratch}/two/a")));
    }

    [Fact]
    public void Concurrent_transactions_that_retry_on_conflict_lose_no_update()
    {
        const int Threads = 4;
        const int Each = 100;
        using IXenStore store = Open();
        store.Write($"{Scratch}/counter", "0");
        int conflicts = 0;
        using var firstReads = new Barrier(Threads);
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(Count))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());

        Assert.Equal($"{Threads * Each}", store.Read($"{Scratch}/counter"));
        Assert.True(conflicts >= Threads - 1, $"{conflicts} conflicts");

        void Count()
        {
            using IXenStore own = Open();
            bool first = true;
            for (int i = 0; i < Each; i++)
            {
                while (true)
                {
                    using IXenStoreTransaction transaction = own.BeginTransaction();
                    int value = int.Parse(transaction.Read($"{Scratch}/counter")!);
                    if (first)
                    {
                        // All have read before any writes: at least one conflict is certain.
                        first = false;
                        firstReads.SignalAndWait();
                    }

                    Thread.Yield();
                    transaction.Write($"{Scratch}/counter", $"{value + 1}");
                    if (transaction.Commit())
                    {
                        break;
                    }

                    Interlocked.Increment(ref conflicts);
                }
            }
        }
    }

    [Fact]
    public void A_watch_fires_at_once_with_its_own_path()
    {
        using IXenStore store = Open();
        using var events = new Events();

        using IDisposable watch = store.Watch($"{Scratch}/nothing/there", events.Add);

        Assert.Equal($"{Scratch}/nothing/there", events.Next());
    }

    [Fact]
    public void A_watch_fires_for_the_node_and_everything_below_it_and_for_nothing_else()
    {
        using IXenStore store = Open();
        using IXenStore other = Open();
        using var events = new Events();
        using IDisposable watch = store.Watch($"{Scratch}/w", events.Add);
        events.Next();

        other.Write($"{Scratch}/w", "1");
        Assert.Equal($"{Scratch}/w", events.Next());
        other.Write($"{Scratch}/w/deep/er", "1");
        Assert.Equal($"{Scratch}/w/deep/er", events.Next());
        other.MakeDirectory($"{Scratch}/w/dir");
        Assert.Equal($"{Scratch}/w/dir", events.Next());
        other.SetPermissions($"{Scratch}/w/dir", [new(0, XenStoreAccess.Read)]);
        Assert.Equal($"{Scratch}/w/dir", events.Next());
        other.Remove($"{Scratch}/w/deep");
        Assert.Equal($"{Scratch}/w/deep", events.Next());

        other.Write($"{Scratch}/wx", "1");
        other.Write($"{Scratch}", "1");
        other.Write($"{Scratch}/w", "last");
        Assert.Equal($"{Scratch}/w", events.Next());
    }

    [Fact]
    public void Removing_an_ancestor_fires_the_watched_path_itself()
    {
        using IXenStore store = Open();
        store.Write($"{Scratch}/dev/0/state", "4");
        using var events = new Events();
        using IDisposable watch = store.Watch($"{Scratch}/dev/0/state", events.Add);
        events.Next();

        store.Remove($"{Scratch}/dev");

        Assert.Equal($"{Scratch}/dev/0/state", events.Next());
        Assert.Null(store.Read($"{Scratch}/dev/0/state"));
    }

    [Fact]
    public void A_transaction_fires_when_it_is_committed_once_for_each_path()
    {
        using IXenStore store = Open();
        using var events = new Events();
        using IDisposable watch = store.Watch($"{Scratch}/tx", events.Add);
        events.Next();
        using IXenStoreTransaction aborted = store.BeginTransaction();
        aborted.Write($"{Scratch}/tx/aborted", "1");
        aborted.Dispose();
        using IXenStoreTransaction transaction = store.BeginTransaction();
        transaction.Write($"{Scratch}/tx/a", "1");
        transaction.Write($"{Scratch}/tx/b", "1");
        Assert.False(events.Any());

        Assert.True(transaction.Commit());

        Assert.Equal([$"{Scratch}/tx/a", $"{Scratch}/tx/b"], new[] { events.Next(), events.Next() }.Order());
    }

    [Fact]
    public void A_burst_may_be_merged_but_its_last_value_is_seen()
    {
        using IXenStore store = Open();
        using IXenStore other = Open();
        string? seen = null;
        using var done = new ManualResetEventSlim();
        using IDisposable watch = store.Watch($"{Scratch}/burst", path =>
        {
            seen = store.Read(path);
            if (seen == "999")
            {
                done.Set();
            }
        });

        for (int i = 0; i < 1000; i++)
        {
            other.Write($"{Scratch}/burst", $"{i}");
        }

        Assert.True(done.Wait(Soon), $"last value seen: {seen}");
    }

    [Fact]
    public void Events_of_one_connection_come_in_the_order_of_the_changes_on_one_thread()
    {
        using IXenStore store = Open();
        using var events = new Events();
        int inside = 0;
        bool overlapped = false;
        using IDisposable watch = store.Watch($"{Scratch}/order", path =>
        {
            overlapped |= Interlocked.Increment(ref inside) != 1;
            events.Add(path);
            Interlocked.Decrement(ref inside);
        });
        events.Next();

        for (int i = 0; i < 500; i++)
        {
            store.Write($"{Scratch}/order/{i}", "");
        }

        for (int i = 0; i < 500; i++)
        {
            Assert.Equal($"{Scratch}/order/{i}", events.Next());
        }

        Assert.False(overlapped);
    }

    [Fact]
    public void A_callback_may_use_the_store_and_add_and_end_watches()
    {
        using IXenStore store = Open();
        using var events = new Events();
        IDisposable? own = null;
        using var ready = new ManualResetEventSlim();
        IDisposable? second = null;
        own = store.Watch($"{Scratch}/re", _ =>
        {
            ready.Wait();
            using (IXenStoreTransaction transaction = store.BeginTransaction())
            {
                transaction.Write($"{Scratch}/re2", "from inside");
                Assert.True(transaction.Commit());
            }

            second = store.Watch($"{Scratch}/re2", events.Add);
            own!.Dispose();
        });
        ready.Set();

        Assert.Equal($"{Scratch}/re2", events.Next());
        store.Write($"{Scratch}/re", "not heard");
        store.Write($"{Scratch}/re2", "heard");
        Assert.Equal($"{Scratch}/re2", events.Next());
        second!.Dispose();
    }

    [Fact]
    public void No_callback_runs_once_a_watch_is_disposed()
    {
        using IXenStore store = Open();
        using IXenStore other = Open();
        bool stop = false;
        var writer = new Thread(() =>
        {
            for (int i = 0; !Volatile.Read(ref stop); i++)
            {
                other.Write($"{Scratch}/gone", $"{i}");
            }
        });
        writer.Start();

        int late = 0;
        for (int i = 0; i < 200; i++)
        {
            bool disposed = false;
            IDisposable watch = store.Watch($"{Scratch}/gone", _ =>
            {
                Thread.Yield();
                if (Volatile.Read(ref disposed))
                {
                    Interlocked.Increment(ref late);
                }
            });
            Thread.Yield();
            watch.Dispose();
            Volatile.Write(ref disposed, true);
        }

        Volatile.Write(ref stop, true);
        writer.Join();
        Assert.Equal(0, late);
    }

    [Fact]
    public void A_disposed_connection_calls_nothing_back()
    {
        using IXenStore other = Open();
        IXenStore store = Open();
        using var events = new Events();
        store.Watch($"{Scratch}/closed", events.Add);
        events.Next();

        store.Dispose();
        store.Dispose();
        other.Write($"{Scratch}/closed", "1");

        Thread.Sleep(30);
        Assert.False(events.Any());
    }

    [Theory]
    [InlineData("@releaseDomain")]
    [InlineData("@introduceDomain")]
    public void Special_names_are_watched_like_paths(string name)
    {
        using IXenStore store = Open();
        using var events = new Events();

        using IDisposable watch = store.Watch(name, events.Add);

        Assert.Equal(name, events.Next());
    }

    [Theory]
    [InlineData("@nothing")]
    [InlineData("/a//b")]
    [InlineData("")]
    public void A_malformed_watch_is_refused(string path)
    {
        using IXenStore store = Open();

        Assert.Equal("EINVAL", Errno(() => store.Watch(path, _ => { })));
    }

    /// <summary>The errno of a refused request.</summary>
    protected static string Errno(Action request) => Assert.Throws<HypervisorException>(request).Errno;

    /// <summary>Watch events in the order of their arrival.</summary>
    protected sealed class Events : IDisposable
    {
        private readonly BlockingCollection<string> _events = [];

        public void Add(string path) => _events.Add(path);

        public string Next() => _events.TryTake(out string? path, Soon) ? path : throw new TimeoutException("no watch event came");

        public bool Any() => _events.TryTake(out _, 20);

        public void Dispose()
        {
            // Not disposed: an event under way may still be added.
        }
    }
}
