using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Tests.Hypervisor;

/// <summary>
/// What every <see cref="IEventChannels"/> does. On Xen both sides may be domain 0 itself; in memory they are two domains.
/// </summary>
public abstract class EventChannelsContract
{
    private const int Soon = 5_000;

    /// <summary>The side that binds.</summary>
    protected abstract IHypervisor Near { get; }

    /// <summary>Its domain id.</summary>
    protected abstract int NearId { get; }

    /// <summary>The side that offers ports.</summary>
    protected abstract IHypervisor Far { get; }

    /// <summary>Its domain id.</summary>
    protected abstract int FarId { get; }

    [Fact]
    public void A_notification_arrives_at_the_other_end_in_both_directions()
    {
        using Link link = Connect();

        link.FarEnd.Notify(link.FarPort);
        Assert.Equal([link.NearPort], ReadAll(link.NearEnd));

        link.NearEnd.Notify(link.NearPort);
        Assert.Equal([link.FarPort], ReadAll(link.FarEnd));
    }

    [Fact]
    public void A_notification_sent_before_binding_is_delivered_after_it()
    {
        using IEventChannels far = Far.OpenEventChannels();
        using IEventChannels near = Near.OpenEventChannels();
        int farPort = far.AllocateUnbound(NearId);
        far.Notify(farPort);

        int nearPort = near.BindInterdomain(FarId, farPort);

        Assert.Equal([nearPort], ReadAll(near));
    }

    [Fact]
    public void A_delivered_port_is_masked_until_it_is_unmasked()
    {
        using Link link = Connect();
        link.FarEnd.Notify(link.FarPort);
        Assert.Equal([link.NearPort], ReadAll(link.NearEnd, unmask: false));

        link.FarEnd.Notify(link.FarPort);
        Assert.Equal(0, link.NearEnd.Read(new int[4], 20));

        link.NearEnd.Unmask([link.NearPort]);
        Assert.Equal([link.NearPort], ReadAll(link.NearEnd, unmask: false));
    }

    [Fact]
    public void Signals_to_a_masked_port_are_delivered_once()
    {
        using Link link = Connect();
        link.FarEnd.Notify(link.FarPort);
        Assert.Equal([link.NearPort], ReadAll(link.NearEnd, unmask: false));
        for (int i = 0; i < 100; i++)
        {
            link.FarEnd.Notify(link.FarPort);
        }

        link.NearEnd.Unmask([link.NearPort]);
        Assert.Equal([link.NearPort], ReadAll(link.NearEnd));
        Assert.Equal(0, link.NearEnd.Read(new int[4], 20));
    }

    [Fact]
    public void Unmasking_without_a_new_signal_delivers_nothing()
    {
        using Link link = Connect();
        link.FarEnd.Notify(link.FarPort);
        Assert.Equal([link.NearPort], ReadAll(link.NearEnd, unmask: false));

        link.NearEnd.Unmask([link.NearPort]);

        Assert.Equal(0, link.NearEnd.Read(new int[4], 20));
    }

    [Fact]
    public void Unmasking_unknown_and_undelivered_ports_is_ignored()
    {
        using Link link = Connect();
        link.NearEnd.Unmask([link.NearPort, 0, 99_999]);

        link.FarEnd.Notify(link.FarPort);

        Assert.Equal([link.NearPort], ReadAll(link.NearEnd));
    }

    [Fact]
    public void One_descriptor_serves_many_ports_and_one_read_returns_many()
    {
        using IEventChannels far = Far.OpenEventChannels();
        using IEventChannels near = Near.OpenEventChannels();
        (int Near, int Far)[] links = [.. Enumerable.Range(0, 200).Select(_ => Bind(near, far))];
        Drain(near);

        foreach ((int Near, int Far) link in links)
        {
            far.Notify(link.Far);
        }

        Assert.Equal(links.Select(l => l.Near).Order(), ReadAll(near).Order());
    }

    [Fact]
    public void A_short_buffer_takes_some_ports_and_leaves_the_others_for_the_next_read()
    {
        using IEventChannels far = Far.OpenEventChannels();
        using IEventChannels near = Near.OpenEventChannels();
        (int Near, int Far)[] links = [.. Enumerable.Range(0, 10).Select(_ => Bind(near, far))];
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
            Assert.InRange(count, 1, 3);
            seen.AddRange(three.AsSpan(0, count));
        }

        Assert.Equal(links.Select(l => l.Near).Order(), seen.Order());
    }

    [Fact]
    public void A_busy_port_does_not_starve_the_others()
    {
        using IEventChannels far = Far.OpenEventChannels();
        using IEventChannels near = Near.OpenEventChannels();
        (int Near, int Far)[] links = [.. Enumerable.Range(0, 130).Select(_ => Bind(near, far))];
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
            Assert.Equal(1, near.Read(one, Soon));
            seen.Add(one[0]);
            far.Notify(links[0].Far);
            near.Unmask(links[0].Near == one[0] ? one : [links[0].Near]);
        }

        Assert.Equal(links.Length, seen.Count);
    }

    [Fact]
    public void Unbinding_forgets_pending_events()
    {
        using Link link = Connect();
        link.FarEnd.Notify(link.FarPort);

        link.NearEnd.Unbind(link.NearPort);

        Assert.Equal(0, link.NearEnd.Read(new int[4], 20));
        link.NearEnd.Unbind(link.NearPort);
        link.NearEnd.Unbind(99_999);
    }

    [Fact]
    public void Notifying_an_end_that_is_gone_does_nothing()
    {
        using Link link = Connect();
        link.NearEnd.Unbind(link.NearPort);

        link.FarEnd.Notify(link.FarPort);

        Assert.Equal(0, link.FarEnd.Read(new int[4], 20));
    }

    [Fact]
    public void A_port_whose_peer_closed_can_be_bound_again()
    {
        using Link link = Connect();
        link.NearEnd.Dispose();
        using IEventChannels restarted = Near.OpenEventChannels();

        int port = restarted.BindInterdomain(FarId, link.FarPort);
        Drain(restarted);
        link.FarEnd.Notify(link.FarPort);

        Assert.Equal([port], ReadAll(restarted));
    }

    [Fact]
    public void Binding_refuses_a_port_that_was_not_offered_or_is_taken()
    {
        using Link link = Connect();

        Assert.Equal("EINVAL", Assert.Throws<HypervisorException>(() => link.NearEnd.BindInterdomain(FarId, 77_777)).Errno);
        Assert.Equal("EINVAL", Assert.Throws<HypervisorException>(() => link.NearEnd.BindInterdomain(FarId, link.FarPort)).Errno);
        int forAnother = link.FarEnd.AllocateUnbound(0x7000);
        Assert.Equal("EINVAL", Assert.Throws<HypervisorException>(() => link.NearEnd.BindInterdomain(FarId, forAnother)).Errno);
        Assert.Equal("ESRCH", Assert.Throws<HypervisorException>(() => link.NearEnd.BindInterdomain(0x7000, 1)).Errno);
    }

    [Fact]
    public void A_read_without_events_returns_0_after_its_time()
    {
        using IEventChannels near = Near.OpenEventChannels();
        long start = Environment.TickCount64;

        Assert.Equal(0, near.Read(new int[4], 0));
        Assert.Equal(0, near.Read(new int[4], 50));

        Assert.InRange(Environment.TickCount64 - start, 45, Soon);
    }

    [Fact]
    public void A_blocked_read_returns_when_its_port_is_signalled()
    {
        using Link link = Connect();
        int[] ports = new int[4];
        int count = -1;
        var reader = new Thread(() => count = link.NearEnd.Read(ports, -1));
        reader.Start();
        WaitUntilBlocked(reader);

        link.FarEnd.Notify(link.FarPort);

        Assert.True(reader.Join(Soon));
        Assert.Equal(1, count);
        Assert.Equal(link.NearPort, ports[0]);
    }

    [Fact]
    public void A_wake_up_ends_a_blocked_read_and_the_next_one()
    {
        using IEventChannels near = Near.OpenEventChannels();
        int count = -1;
        var reader = new Thread(() => count = near.Read(new int[4], -1));
        reader.Start();
        WaitUntilBlocked(reader);

        near.Wake();
        Assert.True(reader.Join(Soon));
        Assert.Equal(0, count);

        near.Wake();
        near.Wake();
        Assert.Equal(0, near.Read(new int[4], -1));
        Assert.Equal(0, near.Read(new int[4], 20));
    }

    [Fact]
    public void No_event_is_lost_in_ping_pong()
    {
        const int Rounds = 100_000;
        using Link link = Connect();
        var echo = new Thread(() => Echo(link.FarEnd, link.FarPort, Rounds));
        echo.Start();

        int[] ports = new int[4];
        for (int i = 0; i < Rounds; i++)
        {
            link.NearEnd.Notify(link.NearPort);
            Assert.True(link.NearEnd.Read(ports, Soon) == 1, $"round {i}: no answer");
            link.NearEnd.Unmask(ports.AsSpan(0, 1));
        }

        Assert.True(echo.Join(Soon));
    }

    [Fact]
    public void No_event_is_lost_when_it_meets_the_unmasking_or_the_going_to_sleep()
    {
        using Link link = Connect();
        int[] ports = new int[4];
        MeetAtEveryMoment(
            signal: () => link.FarEnd.Notify(link.FarPort),
            take: published =>
            {
                int count = link.NearEnd.Read(ports, Soon);
                published();
                link.NearEnd.Unmask(ports.AsSpan(0, count));
                return count == 1;
            });
    }

    [Fact]
    public void No_wake_up_is_lost()
    {
        using IEventChannels near = Near.OpenEventChannels();
        int[] ports = new int[4];
        MeetAtEveryMoment(
            signal: near.Wake,
            take: published =>
            {
                long start = Environment.TickCount64;
                near.Read(ports, Soon);
                published();
                return Environment.TickCount64 - start < Soon;
            });
    }

    /// <summary>
    /// One thread signals as soon as it sees, in memory, that the last signal was taken, after a delay that sweeps:
    /// the next signal so meets the reader at every moment between taking and sleeping.
    /// </summary>
    private static void MeetAtEveryMoment(Action signal, Func<Action, bool> take)
    {
        const int Rounds = 30_000;
        int sent = 0;
        int taken = 0;
        bool stop = false;
        var signaller = new Thread(() =>
        {
            for (int i = 1; i <= Rounds && !Volatile.Read(ref stop); i++)
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
            while (taken < Rounds)
            {
                Assert.True(take(() => Volatile.Write(ref taken, Volatile.Read(ref sent))), $"lost after {taken} of {Rounds}");
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            signaller.Join();
        }
    }

    /// <summary>Binds a pair of ports on two descriptors.</summary>
    protected (int Near, int Far) Bind(IEventChannels near, IEventChannels far)
    {
        int farPort = far.AllocateUnbound(NearId);
        return (near.BindInterdomain(FarId, farPort), farPort);
    }

    /// <summary>Two descriptors with one channel between them and nothing pending.</summary>
    protected Link Connect()
    {
        var link = new Link { NearEnd = Near.OpenEventChannels(), FarEnd = Far.OpenEventChannels() };
        (link.NearPort, link.FarPort) = Bind(link.NearEnd, link.FarEnd);
        Drain(link.NearEnd);
        return link;
    }

    /// <summary>Takes the events of binding.</summary>
    protected static void Drain(IEventChannels events)
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
        Assert.True(SpinWait.SpinUntil(() => thread.ThreadState != ThreadState.Unstarted, Soon));
        Thread.Sleep(30);
    }

    protected sealed class Link : IDisposable
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
