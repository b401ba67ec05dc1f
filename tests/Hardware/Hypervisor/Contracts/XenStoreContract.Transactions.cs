using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Contracts;

// This part: transactions and their conflicts.
public static partial class XenStoreContract
{
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

        Check.Equal(Errno.ENOENT, Check.Refused(() => transaction.Read(x.Scratch)));
        Check.Equal(Errno.ENOENT, Check.Refused(() => transaction.Commit()));
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
}
