using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Loopback.EventChannels;

public sealed class LoopbackEventChannelsTests
{
    private readonly LoopbackHost _host = new();

    public LoopbackEventChannelsTests() => _host.CreateDomain(5);

    public static TheoryData<string> Contract => [.. EventChannelsContract.Checks.Select(check => check.Name)];

    private IHypervisor Near => _host.BackendView;

    private LoopbackHypervisor Far => _host.ViewOf(5);

    private EventChannelsSubject Subject => new(Near.OpenEventChannels, 0, Far.OpenEventChannels, 5, Rounds: 100_000);

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_loopback_keeps_the_contract(string name) =>
        EventChannelsContract.Checks.Single(check => check.Name == name).Run(Subject);

    [Fact]
    public void A_blocking_read_that_is_woken_allocates_nothing()
    {
        using EventChannelsContract.Link link = Connect();
        long allocated = -1;
        int woken = 0;
        var reader = new Thread(() =>
        {
            int[] ports = new int[8];
            Take(200);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Take(200);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            void Take(int times)
            {
                for (int i = 0; i < times; i++)
                {
                    int count = link.NearEnd.Read(ports, -1);
                    link.NearEnd.Unmask(ports.AsSpan(0, count));
                    Volatile.Write(ref woken, woken + 1);
                }
            }
        });
        reader.Start();
        for (int i = 0; i < 400; i++)
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref woken) == i, 5_000);
            Thread.Yield();
            link.FarEnd.Notify(link.FarPort);
        }

        Assert.True(reader.Join(5_000));
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void The_death_of_a_domain_leaves_the_other_end_dead_and_wakes_its_reader()
    {
        using EventChannelsContract.Link link = Connect();
        int count = -1;
        var reader = new Thread(() => count = link.FarEnd.Read(new int[4], -1));
        reader.Start();
        Thread.Sleep(30);

        _host.DestroyDomain(5);

        Assert.True(reader.Join(5_000));
        Assert.Equal(0, count);
        link.NearEnd.Notify(link.NearPort);
        link.FarEnd.Notify(link.FarPort);
        Assert.Equal(0, link.NearEnd.Read(new int[4], 0));
        Assert.Equal(Errno.ESRCH, Assert.Throws<HypervisorException>(() => link.FarEnd.AllocateUnbound(0)).Errno);
        Assert.Equal(Errno.ESRCH, Assert.Throws<HypervisorException>(() => link.NearEnd.BindInterdomain(5, 1)).Errno);
    }

    [Fact]
    public void A_freed_port_number_carries_nothing_over_to_its_next_user()
    {
        using IEventChannels near = Near.OpenEventChannels();
        using IEventChannels far = Far.OpenEventChannels();
        (int nearPort, int farPort) = Bind(near, far);
        far.Notify(farPort);
        near.Unbind(nearPort);

        int reused = near.AllocateUnbound(5);

        Assert.Equal(nearPort, reused);
        Assert.Equal(0, near.Read(new int[4], 0));
    }

    [Fact]
    public void A_port_of_another_descriptor_is_neither_signalled_nor_unbound()
    {
        using EventChannelsContract.Link link = Connect();
        using IEventChannels other = Near.OpenEventChannels();

        other.Notify(link.NearPort);
        other.Unbind(link.NearPort);

        Assert.Equal(0, link.FarEnd.Read(new int[4], 0));
        link.NearEnd.Notify(link.NearPort);
        Assert.Equal(1, link.FarEnd.Read(new int[4], 0));
    }

    [Fact]
    public void Ports_bound_while_others_are_signalled_lose_nothing()
    {
        // The descriptor grows under fire: signals must not land in a table that was just replaced.
        using EventChannelsContract.Link link = Connect();
        bool stop = false;
        int written = 0;
        var signaller = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                Volatile.Write(ref written, written + 1);
                link.FarEnd.Notify(link.FarPort);
            }
        });
        signaller.Start();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref written) > 0, 5_000));
        int[] ports = new int[64];
        for (int i = 0; i < 500; i++)
        {
            Bind(link.NearEnd, link.FarEnd);
            int count = link.NearEnd.Read(ports, 0);
            link.NearEnd.Unmask(ports.AsSpan(0, count));
        }

        Volatile.Write(ref stop, true);
        signaller.Join();
        EventChannelsContract.Drain(link.NearEnd);
        link.FarEnd.Notify(link.FarPort);
        Assert.Equal(1, link.NearEnd.Read(ports, 5_000));
        Assert.Equal(link.NearPort, ports[0]);
    }

    [Fact]
    public void A_thousand_domains_reach_one_descriptor()
    {
        var host = new LoopbackHost();
        using IEventChannels backend = host.BackendView.OpenEventChannels();
        var guests = new List<(IEventChannels Events, int Port, int BackendPort)>();
        for (int id = 1; id <= 1000; id++)
        {
            host.CreateDomain(id);
            IEventChannels events = host.ViewOf(id).OpenEventChannels();
            int port = events.AllocateUnbound(0);
            guests.Add((events, port, backend.BindInterdomain(id, port)));
        }

        EventChannelsContract.Drain(backend);
        var seen = new HashSet<int>();
        var signaller = new Thread(() => guests.ForEach(g => g.Events.Notify(g.Port)));
        signaller.Start();
        int[] ports = new int[64];
        while (seen.Count < guests.Count)
        {
            int count = backend.Read(ports, 5_000);
            Assert.NotEqual(0, count);
            foreach (int port in ports.AsSpan(0, count))
            {
                Assert.True(seen.Add(port));
                backend.Notify(port);
            }
        }

        signaller.Join();
        Assert.All(guests, g => Assert.Equal(1, g.Events.Read(ports, 0)));
        guests.ForEach(g => g.Events.Dispose());
    }

    [Fact]
    public void Signalling_while_the_reader_closes_is_harmless()
    {
        for (int i = 0; i < 200; i++)
        {
            EventChannelsContract.Link link = Connect();
            bool stop = false;
            var signaller = new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    link.FarEnd.Notify(link.FarPort);
                    link.NearEnd.Wake();
                }
            });
            signaller.Start();
            link.NearEnd.Read(new int[4], 5);
            link.NearEnd.Dispose();
            Volatile.Write(ref stop, true);
            Assert.True(signaller.Join(5_000));
            link.FarEnd.Dispose();
        }
    }

    private EventChannelsContract.Link Connect() => EventChannelsContract.Connect(Subject);

    private (int Near, int Far) Bind(IEventChannels near, IEventChannels far) => EventChannelsContract.Bind(Subject, near, far);
}
