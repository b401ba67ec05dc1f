using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Contracts;

// This part: watches, the order of their events, and their end.
public static partial class XenStoreContract
{
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

        Check.Equal(Errno.EINVAL, Check.Refused(() => store.Watch(path, _ => { })));
    }
}
