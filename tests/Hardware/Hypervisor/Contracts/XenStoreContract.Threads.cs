using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

// This part: one connection used by many threads.
public static partial class XenStoreContract
{
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
}
