using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

// This part: nothing is lost, whatever meets whatever.
public static partial class EventChannelsContract
{
    public static void No_event_is_lost_in_ping_pong(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        var echo = new Thread(() => Echo(link.FarEnd, link.FarPort, x.Rounds));
        echo.Start();

        int[] ports = new int[4];
        for (int i = 0; i < x.Rounds; i++)
        {
            link.NearEnd.Notify(link.NearPort);
            Check.True(link.NearEnd.Read(ports, Soon) == 1, $"round {i}: no answer");
            link.NearEnd.Unmask(ports.AsSpan(0, 1));
        }

        Check.True(echo.Join(Soon));
    }

    public static void No_event_is_lost_when_it_meets_the_unmasking_or_the_going_to_sleep(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        int[] ports = new int[4];
        MeetAtEveryMoment(
            x.Rounds / 3,
            signal: () => link.FarEnd.Notify(link.FarPort),
            take: published =>
            {
                int count = link.NearEnd.Read(ports, Soon);
                published();
                link.NearEnd.Unmask(ports.AsSpan(0, count));
                return count == 1;
            });
    }

    public static void No_wake_up_is_lost(EventChannelsSubject x)
    {
        using IEventChannels near = x.OpenNear();
        int[] ports = new int[4];
        MeetAtEveryMoment(
            x.Rounds / 3,
            signal: near.Wake,
            take: published =>
            {
                long start = Environment.TickCount64;
                near.Read(ports, Soon);
                published();
                return Environment.TickCount64 - start < Soon;
            });
    }

    public static void A_descriptor_whose_queue_overflowed_loses_no_event(EventChannelsSubject x)
    {
        // Events of unbound ports stay in the kernel's queue, which has 64 places for a few ports.
        using Link link = Connect(x);
        for (int i = 0; i < 200; i++)
        {
            (int near, int far) = Bind(x, link.NearEnd, link.FarEnd);
            link.FarEnd.Notify(far);
            link.NearEnd.Unbind(near);
            link.FarEnd.Unbind(far);
        }

        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd).Distinct());
        link.NearEnd.Wake();
        Check.Equal(0, link.NearEnd.Read(new int[4], Soon));

        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd));
    }

    public static void A_wake_up_that_comes_with_events_hides_none(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        int[] ports = new int[4];
        for (int i = 0; i < 50; i++)
        {
            link.NearEnd.Wake();
            link.FarEnd.Notify(link.FarPort);
            int count = link.NearEnd.Read(ports, Soon);
            if (count == 0)
            {
                count = link.NearEnd.Read(ports, Soon);
            }

            Check.Equal((1, link.NearPort), (count, ports[0]));
            link.NearEnd.Unmask(ports.AsSpan(0, count));
            link.NearEnd.Read(ports, 0);
        }
    }

    /// <summary>
    /// One thread signals as soon as it sees, in memory, that the last signal was taken, after a delay that sweeps:
    /// the next signal so meets the reader at every moment between taking and sleeping.
    /// </summary>
    private static void MeetAtEveryMoment(int rounds, Action signal, Func<Action, bool> take)
    {
        int sent = 0;
        int taken = 0;
        bool stop = false;
        var signaller = new Thread(() =>
        {
            for (int i = 1; i <= rounds && !Volatile.Read(ref stop); i++)
            {
                Thread.SpinWait(i % 64);
                Volatile.Write(ref sent, i);
                signal();
                var spin = new SpinWait();
                while (Volatile.Read(ref taken) < i && !Volatile.Read(ref stop))
                {
                    spin.SpinOnce(sleep1Threshold: -1);
                }
            }
        });
        signaller.Start();

        try
        {
            while (taken < rounds)
            {
                Check.True(take(() => Volatile.Write(ref taken, Volatile.Read(ref sent))), $"lost after {taken} of {rounds}");
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            signaller.Join();
        }
    }

    private static int RoundTrips(Link link, int[] ports, int rounds)
    {
        int delivered = 0;
        for (int i = 0; i < rounds; i++)
        {
            link.FarEnd.Notify(link.FarPort);
            int count = link.NearEnd.Read(ports, Soon);
            link.NearEnd.Unmask(ports.AsSpan(0, count));
            delivered += count;
        }

        return delivered;
    }

    private static void Echo(IEventChannels events, int port, int rounds)
    {
        int[] ports = new int[4];
        for (int i = 0; i < rounds; i++)
        {
            if (events.Read(ports, Soon) != 1)
            {
                return;
            }

            events.Unmask(ports.AsSpan(0, 1));
            events.Notify(port);
        }
    }

    private static void WaitUntilBlocked(Thread thread)
    {
        // A thread inside a blocking system call still counts as running: give it the time to get there.
        Check.True(SpinWait.SpinUntil(() => thread.ThreadState != ThreadState.Unstarted, Soon));
        Thread.Sleep(30);
    }
}
