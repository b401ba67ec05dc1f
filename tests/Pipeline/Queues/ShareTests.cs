using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Tests.Queues;

public sealed class ShareTests
{
    private Share _share;

    [Fact]
    public void As_many_threads_as_it_allows_begin_and_the_next_waits_until_one_ends()
    {
        Assert.True(_share.TryBegin(2));
        Assert.True(_share.TryBegin(2));
        Assert.False(_share.TryBegin(2));

        // The one that waited has its turn: so the share is used up as before.
        Assert.True(_share.End());
        Assert.False(_share.TryBegin(2));
        Assert.True(_share.End());
        Assert.False(_share.End());
        Assert.True(_share.TryBegin(2));
    }

    [Fact]
    public void Beside_each_other_no_more_than_the_share_are_in_it_and_nobody_waits_for_ever()
    {
        const int Most = 2;
        const int Rounds = 20_000;
        int inside = 0;
        int tooMany = 0;
        int aside = 0;
        long done = 0;
        var threads = new List<Thread>();
        for (int t = 0; t < 4; t++)
        {
            threads.Add(new Thread(() =>
            {
                for (int r = 0; r < Rounds; r++)
                {
                    // A lane has one place, so one waits aside at most: the others of this test try again.
                    while (Interlocked.CompareExchange(ref aside, 1, 0) != 0)
                    {
                        Thread.Yield();
                    }

                    bool mayBegin = _share.TryBegin(Most);
                    if (!mayBegin)
                    {
                        continue;
                    }

                    Volatile.Write(ref aside, 0);
                    bool goesOn = true;
                    while (goesOn)
                    {
                        tooMany += Interlocked.Increment(ref inside) > Most ? 1 : 0;
                        Interlocked.Decrement(ref inside);
                        Interlocked.Increment(ref done);
                        goesOn = _share.End();
                        if (goesOn)
                        {
                            Volatile.Write(ref aside, 0);
                        }
                    }
                }
            }));
        }

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(0, tooMany);
        Assert.Equal(4 * Rounds, done);
        Assert.False(_share.TryBegin(1) && _share.End());
    }
}
