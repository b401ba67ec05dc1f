using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Loopback.EventChannels;

public sealed class LoopbackEventSetTests
{
    [Fact]
    public void One_thread_hears_a_hundred_domains_and_loses_no_event()
    {
        const int Guests = 100;
        const int Rounds = 50;
        var host = new LoopbackHost();
        using IEventChannels backend = host.BackendView.OpenEventChannels();
        using var set = new LoopbackEventSet(Guests);
        var guests = new (IEventChannels Events, int Port, int BackendPort)[Guests];
        for (int i = 0; i < Guests; i++)
        {
            host.CreateDomain(i + 1);
            IEventChannels events = set.Open(host.ViewOf(i + 1));
            int port = events.AllocateUnbound(0);
            guests[i] = (events, port, backend.BindInterdomain(i + 1, port));
        }

        int[] heard = new int[Guests];
        var client = new Thread(() =>
        {
            int[] members = new int[16];
            int[] ports = new int[4];
            int left = Guests * Rounds;
            while (left > 0)
            {
                int count = set.Wait(members, 5_000);
                if (count == 0)
                {
                    return;
                }

                foreach (int member in members.AsSpan(0, count))
                {
                    (IEventChannels events, int port, _) = guests[member];
                    while (events.Read(ports, 0) == 1)
                    {
                        Interlocked.Increment(ref heard[member]);
                        left--;
                        events.Unmask(ports.AsSpan(0, 1));
                        events.Notify(port);
                    }
                }
            }
        });
        client.Start();

        // The backend answers each guest's answer until every guest had its rounds; binding has signalled it once.
        int[] sent = new int[Guests];
        int[] taken = new int[64];
        int total = 0;
        while (total < Guests * Rounds)
        {
            int count = backend.Read(taken, 5_000);
            Assert.True(count != 0, $"stuck after {total}");
            backend.Unmask(taken.AsSpan(0, count));
            foreach (int port in taken.AsSpan(0, count))
            {
                int guest = Array.FindIndex(guests, g => g.BackendPort == port);
                if (sent[guest] < Rounds)
                {
                    sent[guest]++;
                    total++;
                    backend.Notify(port);
                }
            }
        }

        Assert.True(client.Join(5_000));
        Assert.All(heard, h => Assert.Equal(Rounds, h));
        Array.ForEach(guests, g => g.Events.Dispose());
    }

    [Fact]
    public void A_wake_up_ends_the_wait()
    {
        using var set = new LoopbackEventSet(1);
        set.Wake();

        Assert.Equal(0, set.Wait(new int[1], -1));
        Assert.Equal(0, set.Wait(new int[1], 10));
    }

    [Fact]
    public void A_members_wake_up_and_its_domains_death_end_the_wait()
    {
        var host = new LoopbackHost();
        host.CreateDomain(5);
        using var set = new LoopbackEventSet(1);
        using IEventChannels events = set.Open(host.ViewOf(5));
        int[] members = new int[1];

        events.Wake();
        Assert.Equal(1, set.Wait(members, -1));
        Assert.Equal(0, events.Read(new int[1], 0));
        host.DestroyDomain(5);
        Assert.Equal(1, set.Wait(members, -1));
    }

    [Fact]
    public void A_full_set_opens_no_more()
    {
        var host = new LoopbackHost();
        using var set = new LoopbackEventSet(1);
        using IEventChannels events = set.Open(host.ViewOf(0));

        Assert.Throws<InvalidOperationException>(() => set.Open(host.ViewOf(0)));
    }
}
