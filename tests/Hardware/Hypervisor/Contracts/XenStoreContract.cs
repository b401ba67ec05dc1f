using System.Collections.Concurrent;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>What every <see cref="IXenStore"/> of a privileged domain does (Xen docs/misc/xenstore.txt).</summary>
public static class XenStoreContract
{
    private const int Soon = 10_000;

    /// <summary>All of it.</summary>
    public static IReadOnlyList<ContractCheck<XenStoreSubject>> Checks { get; } =
    [
        ContractCheck.Of<XenStoreSubject>(What_was_written_is_read_by_every_connection),
        ContractCheck.Of<XenStoreSubject>(An_absent_node_reads_as_null),
        ContractCheck.Of<XenStoreSubject>(A_directory_is_made_with_its_parents_and_an_existing_node_keeps_its_value),
        ContractCheck.Of<XenStoreSubject>(Removal_is_recursive_and_an_absent_node_needs_only_a_parent),
        .. ContractCheck.ForEach<XenStoreSubject>(
            A_malformed_path_is_refused,
            ["", "/", "/a//b", "/a/", "/a b", "/a.b", "/ä", "/a:b", "relative/", "@releaseDomain", "3073", "2049"]),
        ContractCheck.Of<XenStoreSubject>(Every_allowed_character_and_the_longest_path_are_taken),
        ContractCheck.Of<XenStoreSubject>(A_value_that_does_not_fit_a_message_is_refused),
        ContractCheck.Of<XenStoreSubject>(Permissions_are_replaced_and_inherited),
        ContractCheck.Of<XenStoreSubject>(A_transaction_is_seen_by_others_only_when_committed),
        ContractCheck.Of<XenStoreSubject>(A_transaction_that_is_not_committed_changes_nothing),
        ContractCheck.Of<XenStoreSubject>(An_ended_transaction_takes_nothing_more),
        .. ContractCheck.ForEach<XenStoreSubject>(
            A_transaction_conflicts_when_what_it_used_was_changed_meanwhile,
            ["read", "read absent", "directory", "write", "remove subtree", "permissions"]),
        ContractCheck.Of<XenStoreSubject>(A_transaction_does_not_conflict_with_changes_elsewhere),
        ContractCheck.Of<XenStoreSubject>(Concurrent_transactions_that_retry_on_conflict_lose_no_update),
        ContractCheck.Of<XenStoreSubject>(A_watch_fires_at_once_with_its_own_path),
        ContractCheck.Of<XenStoreSubject>(A_watch_fires_for_the_node_and_everything_below_it_and_for_nothing_else),
        ContractCheck.Of<XenStoreSubject>(Removing_an_ancestor_fires_the_watched_path_itself),
        ContractCheck.Of<XenStoreSubject>(A_transaction_fires_when_it_is_committed_once_for_each_path),
        ContractCheck.Of<XenStoreSubject>(A_burst_may_be_merged_but_its_last_value_is_seen),
        ContractCheck.Of<XenStoreSubject>(Events_of_one_connection_come_in_the_order_of_the_changes_on_one_thread),
        ContractCheck.Of<XenStoreSubject>(A_callback_may_use_the_store_and_add_and_end_watches),
        ContractCheck.Of<XenStoreSubject>(No_callback_runs_once_a_watch_is_disposed),
        ContractCheck.Of<XenStoreSubject>(A_disposed_connection_calls_nothing_back),
        .. ContractCheck.ForEach<XenStoreSubject>(Special_names_are_watched_like_paths, ["@releaseDomain", "@introduceDomain"]),
        ContractCheck.Of<XenStoreSubject>(Text_beyond_ASCII_and_bytes_of_every_kind_are_kept),
        ContractCheck.Of<XenStoreSubject>(A_directory_that_fills_many_messages_is_listed_whole),
        ContractCheck.Of<XenStoreSubject>(Many_threads_ask_over_one_connection_and_each_gets_its_own_answer),
        ContractCheck.Of<XenStoreSubject>(Watches_come_and_go_over_one_connection_while_threads_ask_and_callbacks_ask),
        ContractCheck.Of<XenStoreSubject>(A_relative_path_is_the_domains_own),
        .. ContractCheck.ForEach<XenStoreSubject>(A_malformed_watch_is_refused, ["@nothing", "/a//b", ""]),
    ];

    public static void What_was_written_is_read_by_every_connection(XenStoreSubject x)
    {
        using IXenStore writer = x.Open();
        using IXenStore reader = x.Open();

        writer.Write($"{x.Scratch}/a/b", "1");

        Check.Equal("1", reader.Read($"{x.Scratch}/a/b"));
        Check.Equal("", reader.Read($"{x.Scratch}/a"));
        Check.Sequence(["b"], reader.Directory($"{x.Scratch}/a"));
        Check.Sequence([], reader.Directory($"{x.Scratch}/a/b"));
    }

    public static void An_absent_node_reads_as_null(XenStoreSubject x)
    {
        using IXenStore store = x.Open();

        Check.Null(store.Read($"{x.Scratch}/no"));
        Check.Null(store.Directory($"{x.Scratch}/no"));
        Check.Null(store.GetPermissions($"{x.Scratch}/no/no"));
    }

    public static void A_directory_is_made_with_its_parents_and_an_existing_node_keeps_its_value(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.MakeDirectory($"{x.Scratch}/x/y");
        Check.Equal("", store.Read($"{x.Scratch}/x/y"));
        store.Write($"{x.Scratch}/x", "kept");

        store.MakeDirectory($"{x.Scratch}/x");

        Check.Equal("kept", store.Read($"{x.Scratch}/x"));
        Check.Sequence(["y"], store.Directory($"{x.Scratch}/x"));
    }

    public static void Removal_is_recursive_and_an_absent_node_needs_only_a_parent(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.Write($"{x.Scratch}/r/s/t", "1");

        store.Remove($"{x.Scratch}/r");
        Check.Null(store.Read($"{x.Scratch}/r/s/t"));
        Check.Null(store.Read($"{x.Scratch}/r"));

        store.Remove($"{x.Scratch}/r");
        Check.Equal("ENOENT", Check.Errno(() => store.Remove($"{x.Scratch}/r/s")));
    }

    // Xen docs/misc/xenstore.txt: characters, no empty component, no trailing slash, at most 3072 or 2048 characters
    public static void A_malformed_path_is_refused(XenStoreSubject x, string path)
    {
        string probe = path switch
        {
            "3073" => "/" + new string('a', 3072),
            "2049" => new string('a', 2049),
            _ => path,
        };
        using IXenStore store = x.Open();

        // The root is a path, but nothing to remove.
        Check.Equal("EINVAL", Check.Errno(() => store.Remove(probe)));
        if (path != "/")
        {
            Check.Equal("EINVAL", Check.Errno(() => store.Read(probe)));
            Check.Equal("EINVAL", Check.Errno(() => store.Write(probe, "")));
        }
    }

    public static void Every_allowed_character_and_the_longest_path_are_taken(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.Write($"{x.Scratch}/AZaz09-_@", "1");
        Check.Equal("1", store.Read($"{x.Scratch}/AZaz09-_@"));

        // The protocol allows 3072; xenstored's quota path-max is 2048 unless told otherwise (Xen 4.17 and later).
        Check.Null(store.Read(x.Scratch + "/" + new string('a', 2048 - x.Scratch.Length - 1)));
    }

    public static void A_value_that_does_not_fit_a_message_is_refused(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        string path = $"{x.Scratch}/v";

        // /dev/xen/xenbus takes 4096 bytes with the 16-byte header, and the payload is path, NUL, value.
        string longest = new('v', 4080 - path.Length - 1);
        store.Write(path, longest);
        Check.Equal(longest, store.Read(path));
        Check.Equal("E2BIG", Check.Errno(() => store.Write(path, longest + "v")));
        Check.Equal(longest, store.Read(path));
    }

    public static void Permissions_are_replaced_and_inherited(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.MakeDirectory($"{x.Scratch}/p");
        XenStorePermission[] permissions = [new(0, XenStoreAccess.None), new(x.OtherDomainId, XenStoreAccess.Read)];

        store.SetPermissions($"{x.Scratch}/p", permissions);
        store.Write($"{x.Scratch}/p/child", "1");

        Check.Sequence(permissions, store.GetPermissions($"{x.Scratch}/p"));
        Check.Sequence(permissions, store.GetPermissions($"{x.Scratch}/p/child"));
        Check.Equal("ENOENT", Check.Errno(() => store.SetPermissions($"{x.Scratch}/none", permissions)));
    }

    public static void A_transaction_is_seen_by_others_only_when_committed(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using IXenStore other = x.Open();
        using IXenStoreTransaction transaction = store.BeginTransaction();

        transaction.Write($"{x.Scratch}/t/a", "1");
        transaction.Write($"{x.Scratch}/t/b", "2");
        Check.Equal("1", transaction.Read($"{x.Scratch}/t/a"));
        Check.Sequence(["a", "b"], transaction.Directory($"{x.Scratch}/t")?.Order());
        Check.Null(other.Read($"{x.Scratch}/t/a"));

        Check.True(transaction.Commit());
        Check.Equal("2", other.Read($"{x.Scratch}/t/b"));
    }

    public static void A_transaction_that_is_not_committed_changes_nothing(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using (IXenStoreTransaction transaction = store.BeginTransaction())
        {
            transaction.Write($"{x.Scratch}/t", "1");
        }

        Check.Null(store.Read($"{x.Scratch}/t"));
    }

    public static void An_ended_transaction_takes_nothing_more(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        IXenStoreTransaction transaction = store.BeginTransaction();
        Check.True(transaction.Commit());

        Check.Equal("ENOENT", Check.Errno(() => transaction.Read(x.Scratch)));
        Check.Equal("ENOENT", Check.Errno(() => transaction.Commit()));
        transaction.Dispose();
    }

    public static void A_transaction_conflicts_when_what_it_used_was_changed_meanwhile(XenStoreSubject x, string use)
    {
        using IXenStore store = x.Open();
        using IXenStore other = x.Open();
        store.Write($"{x.Scratch}/c/node", "old");
        using IXenStoreTransaction transaction = store.BeginTransaction();
        switch (use)
        {
            case "read":
                transaction.Read($"{x.Scratch}/c/node");
                other.Write($"{x.Scratch}/c/node", "new");
                break;
            case "read absent":
                transaction.Read($"{x.Scratch}/c/absent");
                other.Write($"{x.Scratch}/c/absent", "new");
                break;
            case "directory":
                transaction.Directory($"{x.Scratch}/c");
                other.Write($"{x.Scratch}/c/another", "new");
                break;
            case "write":
                transaction.Write($"{x.Scratch}/c/node", "mine");
                other.Write($"{x.Scratch}/c/node", "new");
                break;
            case "remove subtree":
                transaction.Remove($"{x.Scratch}/c");
                other.Write($"{x.Scratch}/c/node", "new");
                break;
            default:
                transaction.Read($"{x.Scratch}/c/node");
                other.SetPermissions($"{x.Scratch}/c/node", [new(0, XenStoreAccess.Read)]);
                break;
        }

        transaction.Write($"{x.Scratch}/result", "1");

        Check.False(transaction.Commit());
        Check.Null(store.Read($"{x.Scratch}/result"));
        Check.NotNull(store.Read($"{x.Scratch}/c/node"));
    }

    public static void A_transaction_does_not_conflict_with_changes_elsewhere(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using IXenStore other = x.Open();
        store.Write($"{x.Scratch}/one/a", "1");
        store.Write($"{x.Scratch}/two/a", "1");
        using IXenStoreTransaction transaction = store.BeginTransaction();
        transaction.Write($"{x.Scratch}/one/a", "2");

        other.Write($"{x.Scratch}/two/a", "2");

        Check.True(transaction.Commit());
        Check.Equal(("2", "2"), (store.Read($"{x.Scratch}/one/a"), store.Read($"{x.Scratch}/two/a")));
    }

    public static void Concurrent_transactions_that_retry_on_conflict_lose_no_update(XenStoreSubject x)
    {
        const int Threads = 4;
        int each = x.Rounds / 10;
        using IXenStore store = x.Open();
        store.Write($"{x.Scratch}/counter", "0");
        int conflicts = 0;
        using var firstReads = new Barrier(Threads);
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(Count))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());

        Check.Equal($"{Threads * each}", store.Read($"{x.Scratch}/counter"));
        Check.True(conflicts >= Threads - 1, $"{conflicts} conflicts");

        void Count()
        {
            using IXenStore own = x.Open();
            bool first = true;
            for (int i = 0; i < each; i++)
            {
                while (true)
                {
                    using IXenStoreTransaction transaction = own.BeginTransaction();
                    int value = int.Parse(transaction.Read($"{x.Scratch}/counter")!);
                    if (first)
                    {
                        // All have read before any writes: at least one conflict is certain.
                        first = false;
                        firstReads.SignalAndWait();
                    }

                    Thread.Yield();
                    transaction.Write($"{x.Scratch}/counter", $"{value + 1}");
                    if (transaction.Commit())
                    {
                        break;
                    }

                    Interlocked.Increment(ref conflicts);
                }
            }
        }
    }

    public static void A_watch_fires_at_once_with_its_own_path(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using var events = new Events();

        using IDisposable watch = store.Watch($"{x.Scratch}/nothing/there", events.Add);

        Check.Equal($"{x.Scratch}/nothing/there", events.Next());
    }

    public static void A_watch_fires_for_the_node_and_everything_below_it_and_for_nothing_else(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using IXenStore other = x.Open();
        using var events = new Events();
        using IDisposable watch = store.Watch($"{x.Scratch}/w", events.Add);
        events.Next();

        other.Write($"{x.Scratch}/w", "1");
        Check.Equal($"{x.Scratch}/w", events.Next());
        other.Write($"{x.Scratch}/w/deep/er", "1");
        Check.Equal($"{x.Scratch}/w/deep/er", events.Next());
        other.MakeDirectory($"{x.Scratch}/w/dir");
        Check.Equal($"{x.Scratch}/w/dir", events.Next());
        other.SetPermissions($"{x.Scratch}/w/dir", [new(0, XenStoreAccess.Read)]);
        Check.Equal($"{x.Scratch}/w/dir", events.Next());
        other.Remove($"{x.Scratch}/w/deep");
        Check.Equal($"{x.Scratch}/w/deep", events.Next());

        other.Write($"{x.Scratch}/wx", "1");
        other.Write($"{x.Scratch}", "1");
        other.Write($"{x.Scratch}/w", "last");
        Check.Equal($"{x.Scratch}/w", events.Next());
    }

    public static void Removing_an_ancestor_fires_the_watched_path_itself(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.Write($"{x.Scratch}/dev/0/state", "4");
        using var events = new Events();
        using IDisposable watch = store.Watch($"{x.Scratch}/dev/0/state", events.Add);
        events.Next();

        store.Remove($"{x.Scratch}/dev");

        Check.Equal($"{x.Scratch}/dev/0/state", events.Next());
        Check.Null(store.Read($"{x.Scratch}/dev/0/state"));
    }

    public static void A_transaction_fires_when_it_is_committed_once_for_each_path(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using var events = new Events();
        using IDisposable watch = store.Watch($"{x.Scratch}/tx", events.Add);
        events.Next();
        using IXenStoreTransaction aborted = store.BeginTransaction();
        aborted.Write($"{x.Scratch}/tx/aborted", "1");
        aborted.Dispose();
        using IXenStoreTransaction transaction = store.BeginTransaction();
        transaction.Write($"{x.Scratch}/tx/a", "1");
        transaction.Write($"{x.Scratch}/tx/b", "1");
        Check.False(events.Any());

        Check.True(transaction.Commit());

        Check.Sequence([$"{x.Scratch}/tx/a", $"{x.Scratch}/tx/b"], new[] { events.Next(), events.Next() }.Order());
    }

    public static void A_burst_may_be_merged_but_its_last_value_is_seen(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using IXenStore other = x.Open();
        string? seen = null;
        using var done = new ManualResetEventSlim();
        using IDisposable watch = store.Watch($"{x.Scratch}/burst", path =>
        {
            seen = store.Read(path);
            if (seen == $"{x.Rounds - 1}")
            {
                done.Set();
            }
        });

        for (int i = 0; i < x.Rounds; i++)
        {
            other.Write($"{x.Scratch}/burst", $"{i}");
        }

        Check.True(done.Wait(Soon), $"last value seen: {seen}");
    }

    public static void Events_of_one_connection_come_in_the_order_of_the_changes_on_one_thread(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using var events = new Events();
        int inside = 0;
        bool overlapped = false;
        using IDisposable watch = store.Watch($"{x.Scratch}/order", path =>
        {
            overlapped |= Interlocked.Increment(ref inside) != 1;
            events.Add(path);
            Interlocked.Decrement(ref inside);
        });
        events.Next();

        for (int i = 0; i < x.Rounds / 2; i++)
        {
            store.Write($"{x.Scratch}/order/{i}", "");
        }

        for (int i = 0; i < x.Rounds / 2; i++)
        {
            Check.Equal($"{x.Scratch}/order/{i}", events.Next());
        }

        Check.False(overlapped);
    }

    public static void A_callback_may_use_the_store_and_add_and_end_watches(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using var events = new Events();
        IDisposable? own = null;
        using var ready = new ManualResetEventSlim();
        IDisposable? second = null;
        own = store.Watch($"{x.Scratch}/re", _ =>
        {
            ready.Wait();
            using (IXenStoreTransaction transaction = store.BeginTransaction())
            {
                transaction.Write($"{x.Scratch}/re2", "from inside");
                Check.True(transaction.Commit());
            }

            second = store.Watch($"{x.Scratch}/re2", events.Add);
            own!.Dispose();
        });
        ready.Set();

        Check.Equal($"{x.Scratch}/re2", events.Next());
        store.Write($"{x.Scratch}/re", "not heard");
        store.Write($"{x.Scratch}/re2", "heard");
        Check.Equal($"{x.Scratch}/re2", events.Next());
        second!.Dispose();
    }

    public static void No_callback_runs_once_a_watch_is_disposed(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        using IXenStore other = x.Open();
        bool stop = false;
        var writer = new Thread(() =>
        {
            for (int i = 0; !Volatile.Read(ref stop); i++)
            {
                other.Write($"{x.Scratch}/gone", $"{i}");
            }
        });
        writer.Start();

        int late = 0;
        for (int i = 0; i < x.Rounds / 5; i++)
        {
            bool disposed = false;
            IDisposable watch = store.Watch($"{x.Scratch}/gone", _ =>
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
        Check.Equal(0, late);
    }

    public static void A_disposed_connection_calls_nothing_back(XenStoreSubject x)
    {
        using IXenStore other = x.Open();
        IXenStore store = x.Open();
        using var events = new Events();
        store.Watch($"{x.Scratch}/closed", events.Add);
        events.Next();

        store.Dispose();
        store.Dispose();
        other.Write($"{x.Scratch}/closed", "1");

        Thread.Sleep(30);
        Check.False(events.Any());
    }

    public static void Special_names_are_watched_like_paths(XenStoreSubject x, string name)
    {
        using IXenStore store = x.Open();
        using var events = new Events();

        using IDisposable watch = store.Watch(name, events.Add);

        Check.Equal(name, events.Next());
    }

    public static void A_malformed_watch_is_refused(XenStoreSubject x, string path)
    {
        using IXenStore store = x.Open();

        Check.Equal("EINVAL", Check.Errno(() => store.Watch(path, _ => { })));
    }

    public static void Text_beyond_ASCII_and_bytes_of_every_kind_are_kept(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        string[] values = ["", " ", "käse 猫 🐈", "a\0b", "line\nline", "\u0001\u007F"];

        foreach (string value in values)
        {
            store.Write($"{x.Scratch}/text", value);
            Check.Equal(value, store.Read($"{x.Scratch}/text"));
        }
    }

    public static void A_directory_that_fills_many_messages_is_listed_whole(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        string[] names = [.. Enumerable.Range(0, 600).Select(i => $"a-rather-long-name-{i:d4}")];
        using (IXenStoreTransaction transaction = store.BeginTransaction())
        {
            foreach (string name in names)
            {
                transaction.Write($"{x.Scratch}/many/{name}", "");
            }

            Check.Sequence(names, transaction.Directory($"{x.Scratch}/many")?.Order(StringComparer.Ordinal));
            Check.True(transaction.Commit());
        }

        Check.Sequence(names, store.Directory($"{x.Scratch}/many")?.Order(StringComparer.Ordinal));
        store.Remove($"{x.Scratch}/many");
        Check.Null(store.Directory($"{x.Scratch}/many"));
    }

    public static void Many_threads_ask_over_one_connection_and_each_gets_its_own_answer(XenStoreSubject x)
    {
        const int Threads = 8;
        using IXenStore store = x.Open();
        int wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(t => new Thread(() => Ask(t)))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());

        Check.Equal(0, wrong);

        void Ask(int thread)
        {
            for (int i = 0; i < x.Rounds / 10; i++)
            {
                store.Write($"{x.Scratch}/own-{thread}", $"{thread}.{i}");
                if (store.Read($"{x.Scratch}/own-{thread}") != $"{thread}.{i}")
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        }
    }

    public static void Watches_come_and_go_over_one_connection_while_threads_ask_and_callbacks_ask(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        bool stop = false;
        int calls = 0;
        Thread[] asking = [.. Enumerable.Range(0, 3).Select(t => new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                store.Write($"{x.Scratch}/busy/{t}", "1");
                store.Read($"{x.Scratch}/busy/{t}");
            }
        }))];
        Array.ForEach(asking, thread => thread.Start());
        try
        {
            for (int i = 0; i < x.Rounds / 5; i++)
            {
                using IDisposable watch = store.Watch($"{x.Scratch}/busy", path =>
                {
                    store.Read(path);
                    Interlocked.Increment(ref calls);
                });
                Check.True(SpinWait.SpinUntil(() => Volatile.Read(ref calls) > i, Soon), $"watch {i} was not called");
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            Array.ForEach(asking, thread => thread.Join(Soon));
        }

        Check.True(Array.TrueForAll(asking, thread => !thread.IsAlive), "a request was never answered");
    }

    public static void A_relative_path_is_the_domains_own(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        if (!x.TakesRelativePaths)
        {
            Check.Equal("EINVAL", Check.Errno(() => store.Read("domid")));
            return;
        }

        string own = $"contract-{Environment.ProcessId}";
        using var events = new Events();
        using IDisposable watch = store.Watch(own, events.Add);
        Check.Equal(own, events.Next());
        store.Write($"{own}/a", "1");

        Check.Equal($"{own}/a", events.Next());
        Check.Equal("1", store.Read($"/local/domain/{x.DomainId}/{own}/a"));
        Check.Sequence(["a"], store.Directory(own));
        store.Remove(own);
        Check.Null(store.Read($"{own}/a"));
    }

    /// <summary>Watch events in the order of their arrival.</summary>
    public sealed class Events : IDisposable
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
