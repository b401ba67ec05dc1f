using PciBackFlow.Backend.Serving;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>What shards hand on is done, all of it, on a thread that is not theirs.</summary>
public sealed class ShardNoticesTests
{
    [Fact]
    public void Everything_that_many_threads_post_is_done_once_and_on_none_of_them()
    {
        const int Each = 2_000;
        using ShardNotices notices = new();
        int done = 0;
        int onOwn = 0;
        Thread[] shards = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            int own = Environment.CurrentManagedThreadId;
            for (int i = 0; i < Each; i++)
            {
                notices.Post(() =>
                {
                    Interlocked.Increment(ref done);
                    if (Environment.CurrentManagedThreadId == own) { Interlocked.Increment(ref onOwn); } });
            }
        }))];
        foreach (Thread shard in shards)
        {
            shard.Start();
        }

        foreach (Thread shard in shards)
        {
            shard.Join();
        }

        Bench.Eventually(() => Volatile.Read(ref done) == shards.Length * Each, $"all done, not {done}");
        Assert.Equal(0, onOwn);
    }
}
