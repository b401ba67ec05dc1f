using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

// This part: what a read returns, and when.
public static partial class EventChannelsContract
{
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
        int[] three = new int[3];
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
        int[] one = new int[1];
        for (int i = 0; i < 3 * links.Length && seen.Count < links.Length; i++)
        {
            Check.Equal(1, near.Read(one, Soon));
            seen.Add(one[0]);
            far.Notify(links[0].Far);
            near.Unmask(links[0].Near == one[0] ? one : [links[0].Near]);
        }

        Check.Equal(links.Length, seen.Count);
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
}
