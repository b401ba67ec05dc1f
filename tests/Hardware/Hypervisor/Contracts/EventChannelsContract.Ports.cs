using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Contracts;

// This part: binding, notifying, masking; what a port does.
public static partial class EventChannelsContract
{
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

    public static void Unbinding_forgets_pending_events(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.FarEnd.Notify(link.FarPort);

        link.NearEnd.Unbind(link.NearPort);

        Check.Equal(0, link.NearEnd.Read(new int[4], 20));
        link.NearEnd.Unbind(link.NearPort);
        link.NearEnd.Unbind(99_999);
    }

    public static void Notifying_an_end_that_is_gone_does_nothing_and_is_no_failure(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.NearEnd.Unbind(link.NearPort);

        bool isSent = link.FarEnd.Notify(link.FarPort);

        Check.Equal((true, 0), (isSent, link.FarEnd.Read(new int[4], 20)));
    }

    public static void Notifying_on_a_port_that_is_not_the_descriptors_fails_without_an_exception(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        using IEventChannels other = x.OpenNear();

        Check.Equal((true, false, false), (link.NearEnd.Notify(link.NearPort), other.Notify(link.NearPort), link.NearEnd.Notify(99_999)));
        Check.Sequence([link.FarPort], ReadAll(link.FarEnd));

        link.NearEnd.Unbind(link.NearPort);
        Check.Equal(false, link.NearEnd.Notify(link.NearPort));
        link.FarEnd.Dispose();
        Check.Equal(false, link.FarEnd.Notify(link.FarPort));
    }

    public static void A_notification_that_fails_allocates_nothing(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        link.NearEnd.Unbind(link.NearPort);
        Check.Equal(100, Failures(link, 100));

        long before = GC.GetAllocatedBytesForCurrentThread();
        int failed = Failures(link, 100);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Check.Equal((100, 0L), (failed, allocated));
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

        Check.Equal(Errno.EINVAL, Check.Refused(() => link.NearEnd.BindInterdomain(x.FarId, 77_777)));
        Check.Equal(Errno.EINVAL, Check.Refused(() => link.NearEnd.BindInterdomain(x.FarId, link.FarPort)));
        int forAnother = link.FarEnd.AllocateUnbound(0x7000);
        Check.Equal(Errno.EINVAL, Check.Refused(() => link.NearEnd.BindInterdomain(x.FarId, forAnother)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => link.NearEnd.BindInterdomain(0x7000, 1)));
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

    private static int Failures(Link link, int notifications)
    {
        int failed = 0;
        for (int i = 0; i < notifications; i++)
        {
            failed += link.NearEnd.Notify(link.NearPort) ? 0 : 1;
        }

        return failed;
    }
}
