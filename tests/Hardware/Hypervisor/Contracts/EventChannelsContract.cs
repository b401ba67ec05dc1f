using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>
/// What every <see cref="IEventChannels"/> does. On Xen both sides may be domain 0 itself; in memory they are two domains.
/// </summary>
public static class EventChannelsContract
{
    private const int Soon = 10_000;

    /// <summary>All of it.</summary>
    public static IReadOnlyList<ContractCheck<EventChannelsSubject>> Checks { get; } =
    [
        ContractCheck.Of<EventChannelsSubject>(A_notification_arrives_at_the_other_end_in_both_directions),
        ContractCheck.Of<EventChannelsSubject>(A_notification_sent_before_binding_is_delivered_after_it),
        ContractCheck.Of<EventChannelsSubject>(A_delivered_port_is_masked_until_it_is_unmasked),
        ContractCheck.Of<EventChannelsSubject>(Signals_to_a_masked_port_are_delivered_once),
        ContractCheck.Of<EventChannelsSubject>(Unmasking_without_a_new_signal_delivers_nothing),
        ContractCheck.Of<EventChannelsSubject>(Unmasking_unknown_and_undelivered_ports_is_ignored),
        ContractCheck.Of<EventChannelsSubject>(One_descriptor_serves_many_ports_and_one_read_returns_many),
        ContractCheck.Of<EventChannelsSubject>(A_short_buffer_takes_some_ports_and_leaves_the_others_for_the_next_read),
        ContractCheck.Of<EventChannelsSubject>(A_busy_port_does_not_starve_the_others),
        ContractCheck.Of<EventChannelsSubject>(Unbinding_forgets_pending_events),
        ContractCheck.Of<EventChannelsSubject>(Notifying_an_end_that_is_gone_does_nothing),
        ContractCheck.Of<EventChannelsSubject>(A_port_whose_peer_closed_can_be_bound_again),
        ContractCheck.Of<EventChannelsSubject>(Binding_refuses_a_port_that_was_not_offered_or_is_taken),
        ContractCheck.Of<EventChannelsSubject>(A_read_without_events_returns_0_after_its_time),
        ContractCheck.Of<EventChannelsSubject>(A_blocked_read_returns_when_its_port_is_signalled),
        ContractCheck.Of<EventChannelsSubject>(A_wake_up_ends_a_blocked_read_and_the_next_one),
        ContractCheck.Of<EventChannelsSubject>(No_event_is_lost_in_ping_pong),
        ContractCheck.Of<EventChannelsSubject>(No_event_is_lost_when_it_meets_the_unmasking_or_the_going_to_sleep),
        ContractCheck.Of<EventChannelsSubject>(No_wake_up_is_lost),
        ContractCheck.Of<EventChannelsSubject>(A_descriptor_whose_queue_overflowed_loses_no_event),
        ContractCheck.Of<EventChannelsSubject>(A_wake_up_that_comes_with_events_hides_none),
        ContractCheck.Of<EventChannelsSubject>(More_ports_than_one_system_call_takes_are_unmasked_at_once),
        ContractCheck.Of<EventChannelsSubject>(Notify_read_and_unmask_allocate_nothing),
    ];

    public static void A_notification_arrives_at_the_other_end_in_both_directions(EventChannelsSubject x)
    {
        using Link link = Connect(x);

        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd));

        link.NearEnd.Notify(link.NearPort);
        Check.Sequence([link.FarPort], ReadAll(link.FarEnd));
    }

    public static void A_notification_sent_before_binding_is_delivered_after_it(EventChannelsSubject x)
    {
        using IEventChannels far = x.OpenFar();
        using IEventChannels near = x.OpenNear();
        int farPort = far.AllocateUnbound(x.NearId);
        far.Notify(farPort);

        int nearPort = near.BindInterdomain(x.FarId, farPort);

        Check.Sequence([nearPort], ReadAll(near));
    }

    public static void A_delivered_port_is_masked_until_it_is_unmasked(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd, unmask: false));

        link.FarEnd.Notify(link.FarPort);
        Check.Equal(0, link.NearEnd.Read(new int[4], 20));

        link.NearEnd.Unmask([link.NearPort]);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd, unmask: false));
    }

    public static void Signals_to_a_masked_port_are_delivered_once(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd, unmask: false));
        for (int i = 0; i < 100; i++)
        {
            link.FarEnd.Notify(link.FarPort);
        }

        link.NearEnd.Unmask([link.NearPort]);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd));
        Check.Equal(0, link.NearEnd.Read(new int[4], 20));
    }

    public static void Unmasking_without_a_new_signal_delivers_nothing(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd, unmask: false));

        link.NearEnd.Unmask([link.NearPort]);

        Check.Equal(0, link.NearEnd.Read(new int[4], 20));
    }

    public static void Unmasking_unknown_and_undelivered_ports_is_ignored(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.NearEnd.Unmask([link.NearPort, 0, 99_999]);

        link.FarEnd.Notify(link.FarPort);

        Check.Sequence([link.NearPort], ReadAll(link.NearEnd));
    }

    public static void One_descriptor_serves_many_ports_and_one_read_returns_many(EventChannelsSubject x)
    {
        using IEventChannels far = x.OpenFar();
        using IEventChannels near = x.OpenNear();
        (int Near, int Far)[] links = [.. Enumerable.Range(0, 200).Select(_ => Bind(x, near, far))];
        Drain(near);

        foreach ((int Near, int Far) link in links)
        {
            far.Notify(link.Far);
        }

        Check.Sequence(links.Select(l => l.Near).Order(), ReadAll(near).Order());
    }

    public static void A_short_buffer_takes_some_ports_and_leaves_the_others_for_the_next_read(EventChannelsSubject x)
    {
        using IEventChannels far = x.OpenFar();
        using IEventChannels near = x.OpenNear();
        (int Near, int Far)[] links = [.. Enumerable.Range(0, 10).Select(_ => Bind(x, near, far))];
        Drain(near);
        foreach ((int Near, int Far) link in links)
        {
            far.Notify(link.Far);
        }

        var seen = new List<int>();
        var three = new int[3];
        for (int i = 0; i < 4; i++)
        {
            int count = near.Read(three, Soon);
            Check.InRange(count, 1, 3);
            seen.AddRange(three.AsSpan(0, count));
        }

        Check.Sequence(links.Select(l => l.Near).Order(), seen.Order());
    }

    public static void A_busy_port_does_not_starve_the_others(EventChannelsSubject x)
    {
        using IEventChannels far = x.OpenFar();
        using IEventChannels near = x.OpenNear();
        (int Near, int Far)[] links = [.. Enumerable.Range(0, 130).Select(_ => Bind(x, near, far))];
        Drain(near);
        foreach ((int Near, int Far) link in links)
        {
            far.Notify(link.Far);
        }

        // The busy port is signalled and unmasked after every delivery; a buffer of one makes each read choose.
        var seen = new HashSet<int>();
        var one = new int[1];
        for (int i = 0; i < 3 * links.Length && seen.Count < links.Length; i++)
        {
            Check.Equal(1, near.Read(one, Soon));
            seen.Add(one[0]);
            far.Notify(links[0].Far);
            near.Unmask(links[0].Near == one[0] ? one : [links[0].Near]);
        }

        Check.Equal(links.Length, seen.Count);
    }

    public static void Unbinding_forgets_pending_events(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.FarEnd.Notify(link.FarPort);

        link.NearEnd.Unbind(link.NearPort);

        Check.Equal(0, link.NearEnd.Read(new int[4], 20));
        link.NearEnd.Unbind(link.NearPort);
        link.NearEnd.Unbind(99_999);
    }

    public static void Notifying_an_end_that_is_gone_does_nothing(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.NearEnd.Unbind(link.NearPort);

        link.FarEnd.Notify(link.FarPort);

        Check.Equal(0, link.FarEnd.Read(new int[4], 20));
    }

    public static void A_port_whose_peer_closed_can_be_bound_again(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.NearEnd.Dispose();
        using IEventChannels restarted = x.OpenNear();

        int port = restarted.BindInterdomain(x.FarId, link.FarPort);
        Drain(restarted);
        link.FarEnd.Notify(link.FarPort);

        Check.Sequence([port], ReadAll(restarted));
    }

    public static void Binding_refuses_a_port_that_was_not_offered_or_is_taken(EventChannelsSubject x)
    {
        using Link link = Connect(x);

        Check.Equal("EINVAL", Check.Errno(() => link.NearEnd.BindInterdomain(x.FarId, 77_777)));
        Check.Equal("EINVAL", Check.Errno(() => link.NearEnd.BindInterdomain(x.FarId, link.FarPort)));
        int forAnother = link.FarEnd.AllocateUnbound(0x7000);
        Check.Equal("EINVAL", Check.Errno(() => link.NearEnd.BindInterdomain(x.FarId, forAnother)));
        Check.Equal("ESRCH", Check.Errno(() => link.NearEnd.BindInterdomain(0x7000, 1)));
    }

    public static void A_read_without_events_returns_0_after_its_time(EventChannelsSubject x)
    {
        using IEventChannels near = x.OpenNear();
        long start = Environment.TickCount64;

        Check.Equal(0, near.Read(new int[4], 0));
        Check.Equal(0, near.Read(new int[4], 50));

        Check.InRange(Environment.TickCount64 - start, 45, Soon);
    }

    public static void A_blocked_read_returns_when_its_port_is_signalled(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        int[] ports = new int[4];
        int count = -1;
        var reader = new Thread(() => count = link.NearEnd.Read(ports, -1));
        reader.Start();
        WaitUntilBlocked(reader);

        link.FarEnd.Notify(link.FarPort);

        Check.True(reader.Join(Soon));
        Check.Equal(1, count);
        Check.Equal(link.NearPort, ports[0]);
    }

    public static void A_wake_up_ends_a_blocked_read_and_the_next_one(EventChannelsSubject x)
    {
        using IEventChannels near = x.OpenNear();
        int count = -1;
        var reader = new Thread(() => count = near.Read(new int[4], -1));
        reader.Start();
        WaitUntilBlocked(reader);

        near.Wake();
        Check.True(reader.Join(Soon));
        Check.Equal(0, count);

        near.Wake();
        near.Wake();
        Check.Equal(0, near.Read(new int[4], -1));
        Check.Equal(0, near.Read(new int[4], 20));
    }

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

    public static void More_ports_than_one_system_call_takes_are_unmasked_at_once(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd, unmask: false));
        int[] many = new int[3000];
        many[^1] = link.NearPort;

        link.NearEnd.Unmask(many);

        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd));
    }

    public static void Notify_read_and_unmask_allocate_nothing(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        int[] ports = new int[8];
        Check.Equal(100, RoundTrips(link, ports, 100));

        long before = GC.GetAllocatedBytesForCurrentThread();
        int delivered = RoundTrips(link, ports, x.Rounds / 10);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Check.Equal((x.Rounds / 10, 0L), (delivered, allocated));
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

    /// <summary>Binds a pair of ports on two descriptors.</summary>
    public static (int Near, int Far) Bind(EventChannelsSubject x, IEventChannels near, IEventChannels far)
    {
        int farPort = far.AllocateUnbound(x.NearId);
        return (near.BindInterdomain(x.FarId, farPort), farPort);
    }

    /// <summary>Two descriptors with one channel between them and nothing pending.</summary>
    public static Link Connect(EventChannelsSubject x)
    {
        var link = new Link { NearEnd = x.OpenNear(), FarEnd = x.OpenFar() };
        (link.NearPort, link.FarPort) = Bind(x, link.NearEnd, link.FarEnd);
        Drain(link.NearEnd);
        return link;
    }

    /// <summary>Takes the events of binding.</summary>
    public static void Drain(IEventChannels events)
    {
        var ports = new int[512];
        int count;
        while ((count = events.Read(ports, 20)) != 0)
        {
            events.Unmask(ports.AsSpan(0, count));
        }
    }

    private static List<int> ReadAll(IEventChannels events, bool unmask = true)
    {
        var seen = new List<int>();
        var ports = new int[512];
        int count = events.Read(ports, Soon);
        while (count != 0)
        {
            seen.AddRange(ports.AsSpan(0, count));
            count = events.Read(ports, 5);
        }

        if (unmask)
        {
            events.Unmask([.. seen]);
        }

        return seen;
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

    public sealed class Link : IDisposable
    {
        public required IEventChannels NearEnd { get; init; }

        public required IEventChannels FarEnd { get; init; }

        public int NearPort { get; set; }

        public int FarPort { get; set; }

        public void Dispose()
        {
            NearEnd.Dispose();
            FarEnd.Dispose();
        }
    }
}
