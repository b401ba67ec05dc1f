using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Xenstore;
using static PciBackFlow.Backend.Tests.Guests.LifecycleWords;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>The life cycle's ends: of a directory, of a device's keys, of a guest's kernel, of its domain, of the daemon.</summary>
public sealed class GuestLifecycleEndTests
{
    [Theory]
    [InlineData("B")]
    [InlineData("F")]
    public void A_removed_backend_directory_ends_the_instance_without_a_write(string kind)
    {
        GuestObservation seen = Seen(GuestDirectory.Missing);
        GuestTransition result = GuestLifecycle.Next(
            Connected, kind == "B" ? new GuestEvent.BackendChanged(seen) : new GuestEvent.FrontendChanged(seen));
        Assert.Equal("detach release", Describe(result));
        Assert.True(result.State.IsGone);
    }

    /// <summary>libxl after its time-out, or a detach by force: keys gone without a handshake.</summary>
    [Theory]
    [InlineData(2, "takeback roots state=3")]
    [InlineData(3, "takeback")]
    [InlineData(4, "takeback")]
    [InlineData(5, "takeback")]
    [InlineData(6, "takeback")]
    [InlineData(7, "takeback")]
    [InlineData(8, "takeback")]
    public void A_function_whose_keys_are_gone_is_taken_back_in_every_state(int state, string actions)
    {
        GuestState guest = new((XenbusState)state, XenbusState.Connected, IsAttached: state is 4 or 7 or 8, IsGone: false);
        GuestObservation seen = Seen(state, 4, online: true) with { Withdrawn = [HostA] };
        Assert.Equal(actions, Describe(GuestLifecycle.Next(guest, new GuestEvent.BackendChanged(seen))));
    }

    [Theory]
    [InlineData(4, true, 4, "detach state=6 release", 6)]
    [InlineData(8, true, 7, "detach state=6 release", 6)]
    [InlineData(3, false, 1, "state=6 release", 6)]
    [InlineData(5, true, 4, "detach state=6 release", 6)]
    [InlineData(6, false, 6, "release", 6)]
    public void A_domain_that_died_lets_go_of_everything_though_its_directories_are_still_there(
        int own, bool attached, int frontend, string actions, int newOwn)
    {
        GuestObservation seen = Seen(own, frontend, online: true, Device(0, HostA, 3)) with { Domain = DomainStanding.Gone };
        GuestState state = new((XenbusState)own, (XenbusState)frontend, attached, IsGone: false);
        foreach (GuestEvent happened in new GuestEvent[] { new GuestEvent.BackendChanged(seen), new GuestEvent.FrontendChanged(seen) })
        {
            GuestTransition result = GuestLifecycle.Next(state, happened);
            Assert.Equal(actions, Describe(result));
            Assert.Equal(((XenbusState)newOwn, false, true), (result.State.Own, result.State.IsAttached, result.State.IsGone));
        }
    }

    [Theory]
    [InlineData(4, true, 4, "detach release", 4)]
    [InlineData(4, true, 7, "detach release state=4", 4)]
    [InlineData(8, true, 8, "detach release state=4", 4)]
    [InlineData(3, false, 3, "release state=4", 4)]
    [InlineData(6, false, 6, "release state=4", 4)]
    public void A_guest_whose_kernel_ended_lets_go_of_everything_and_looks_ready_for_its_toolstack(
        int own, bool attached, int backend, string actions, int newOwn)
    {
        GuestObservation seen = Seen(backend, 6, online: true, Device(0, HostA, 3)) with { Domain = DomainStanding.Ended };
        GuestState state = new((XenbusState)own, XenbusState.Connected, attached, IsGone: false);
        foreach (GuestEvent happened in new GuestEvent[] { new GuestEvent.BackendChanged(seen), new GuestEvent.FrontendChanged(seen) })
        {
            GuestTransition result = GuestLifecycle.Next(state, happened);
            Assert.Equal(actions, Describe(result));
            Assert.Equal(((XenbusState)newOwn, false, false), (result.State.Own, result.State.IsAttached, result.State.IsGone));
        }
    }

    [Theory]
    [InlineData(7, "state=4")]
    [InlineData(5, "state=6")]
    [InlineData(4, "")]
    [InlineData(6, "")]
    public void What_the_toolstack_asks_of_a_guest_whose_kernel_ended_is_answered_in_its_place(int backend, string actions)
    {
        GuestObservation seen = Seen(backend, 6, online: true, Device(0, HostA, 5)) with { Domain = DomainStanding.Ended };
        GuestState state = new(XenbusState.Connected, XenbusState.Closed, IsAttached: false, IsGone: false) { IsEnded = true };
        Assert.Equal(actions, Describe(GuestLifecycle.Next(state, new GuestEvent.BackendChanged(seen))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_directory_of_a_domain_that_died_is_closed_when_it_is_found(int backend)
    {
        GuestObservation seen = Seen(backend, 1, online: true, Device(0, HostA, 1)) with { Domain = DomainStanding.Gone };
        GuestTransition result = GuestLifecycle.Next(GuestState.New, new GuestEvent.Appeared(seen, Adopt: false));
        Assert.Equal("state=6 release", Describe(result));
        Assert.True(result.State.IsGone);
    }

    [Fact]
    public void A_vanished_node_gets_no_write()
    {
        Assert.Equal("detach release", Describe(GuestLifecycle.Next(Connected, new GuestEvent.Vanished())));
    }

    [Fact]
    public void A_stop_leaves_node_and_devices_alone()
    {
        Assert.Equal("detach", Describe(GuestLifecycle.Next(Connected, new GuestEvent.Stopping())));
    }
}
