using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>
/// What every <see cref="IEventChannels"/> does. On Xen both sides may be domain 0 itself; in memory they are two domains.
/// </summary>
public static partial class EventChannelsContract
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
        ContractCheck.Of<EventChannelsSubject>(Notifying_an_end_that_is_gone_does_nothing_and_is_no_failure),
        ContractCheck.Of<EventChannelsSubject>(Notifying_on_a_port_that_is_not_the_descriptors_fails_without_an_exception),
        ContractCheck.Of<EventChannelsSubject>(A_notification_that_fails_allocates_nothing),
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
        int[] ports = new int[512];
        int count;
        while ((count = events.Read(ports, 20)) != 0)
        {
            events.Unmask(ports.AsSpan(0, count));
        }
    }

    private static List<int> ReadAll(IEventChannels events, bool unmask = true)
    {
        var seen = new List<int>();
        int[] ports = new int[512];
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
