using CsCheck;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>The backend's half of the xenbus state table, row by row (Linux drivers/xen/xen-pciback/xenbus.c), and where this one differs.</summary>
public sealed class GuestLifecycleTests
{
    private static readonly PciAddress HostA = new(0, 3, 0, 0);
    private static readonly PciAddress HostB = new(0, 4, 0, 1);

    /// <summary>
    /// Row: origin; own state; attached; last frontend state; event (B = be_watch, F = frontend watch, A = appeared, O = appeared while
    /// the daemon starts); stored B; stored F; online; expected actions; expected own state; attached; gone.
    /// </summary>
    public static TheoryData<string, int, bool, int, char, int, int, bool, string, int, bool, bool> Rows => new()
    {
        // A seen appears.
        { "seen appears, B=1", 1, false, 0, 'A', 1, 1, true, "state=2", 2, false, false },
        { "a seen found in another state is ignored", 1, false, 0, 'A', 2, 1, true, "", 1, false, true },
        { "a seen found in another state is ignored", 1, false, 0, 'A', 4, 4, true, "", 1, false, true },
        { "a closed seen is ignored", 1, false, 0, 'O', 6, 6, true, "", 1, false, true },
        { "X1: adopted at start, B=1", 1, false, 0, 'O', 1, 1, true, "no-aerfail state=2", 2, false, false },
        { "X1: adopted at start, B=2", 1, false, 0, 'O', 2, 1, true, "no-aerfail", 2, false, false },
        { "X1: adopted at start, B=3", 1, false, 0, 'O', 3, 3, true, "no-aerfail state=2", 2, false, false },
        { "X1: a connected seen is not taken over, and said", 1, false, 0, 'O', 4, 4, true, "warn", 1, false, true },
        { "the frontend directory does not exist", 1, false, 0, 'A', 1, 0, true, "error state=5", 5, false, false },

        // Inherited: I, appeared while the daemon starts, connected by an earlier one; K, likewise, with another page since.
        { "a connected guest goes on", 1, false, 0, 'I', 4, 4, true, "no-aerfail inherit0 inherit1 roots inherit", 4, false, false },
        { "a hot-plug under way goes on", 1, false, 0, 'I', 7, 4, true, "no-aerfail inherit0 inherit1 roots inherit", 7, false, false },
        { "a hot-plug that the guest has answered goes on", 1, false, 0, 'I', 8, 7, true, "no-aerfail inherit0 inherit1 roots inherit", 8, false, false },
        { "one that is asked to close is served until it does", 1, false, 0, 'I', 5, 4, false, "no-aerfail inherit0 inherit1 roots inherit", 5, false, false },
        { "one that has not noticed that it is connected", 1, false, 0, 'I', 4, 3, true, "no-aerfail inherit0 inherit1 roots inherit", 4, false, false },
        { "one that closes is not served", 1, false, 0, 'I', 4, 5, true, "no-aerfail inherit0 inherit1 drop", 4, false, false },
        { "one that has closed is not served", 1, false, 0, 'I', 6, 6, true, "no-aerfail inherit0 inherit1 drop", 6, false, false },
        { "one whose directory is gone is not served", 1, false, 0, 'I', 4, 0, true, "no-aerfail inherit0 inherit1 drop", 4, false, false },
        { "a new kernel has published", 1, false, 0, 'K', 4, 3, true, "no-aerfail inherit0 inherit1 roots drop state=3 attach", 3, false, false },
        { "a new kernel took what it found for an answer", 1, false, 0, 'K', 4, 4, true, "no-aerfail inherit0 inherit1 roots drop inherit", 4, false, false },
        { "one that was connected and is to begin again", 1, false, 0, 'I', 1, 1, true, "no-aerfail state=2", 2, false, false },

        // be_watch.
        { "be_watch, B=2", 2, false, 1, 'B', 2, 1, true, "export0 export1 roots state=3", 3, false, false },
        { "be_watch, B=3: boot-time increments", 3, false, 1, 'B', 3, 1, true, "", 3, false, false },
        { "be_watch, B=4 is ignored", 4, true, 4, 'B', 4, 4, true, "", 4, true, false },
        { "be_watch, B=5 written by the toolstack waits for the frontend", 4, true, 4, 'B', 5, 4, false, "", 5, true, false },
        { "be_watch, B=7 waits for the frontend's echo", 4, true, 4, 'B', 7, 4, true, "", 4, true, false },
        { "be_watch, B=8 is ignored", 8, true, 7, 'B', 8, 7, true, "", 8, true, false },
        { "be_watch, B=6 is ignored", 6, false, 6, 'B', 6, 6, true, "", 6, false, false },
        { "vanish rule: B=1 while own is not 1", 4, true, 4, 'B', 1, 1, true, "detach release", 4, false, true },
        { "vanish rule while closing", 5, false, 5, 'F', 1, 1, true, "release", 5, false, true },

        // F=3.
        { "F=3, B=3", 3, false, 1, 'F', 3, 3, true, "attach", 3, false, false },
        { "F=3 before B=3: the connect guard", 2, false, 1, 'F', 2, 3, true, "", 2, false, false },
        { "F=3 with stored B=5: the connect guard re-reads", 3, false, 1, 'F', 5, 3, true, "", 3, false, false },
        { "F=3 while connected is the handshake's echo", 4, true, 3, 'F', 4, 3, true, "", 4, true, false },
        { "F=3 after an error", 5, false, 3, 'F', 5, 3, true, "", 5, false, false },

        // F=4.
        { "F=4 ends a reconfiguration", 8, true, 7, 'F', 8, 4, true, "state=4", 4, true, false },
        { "F=4 is already agreed", 4, true, 3, 'F', 4, 4, true, "", 4, true, false },
        { "F=4 does not overwrite the toolstack's 7", 4, true, 3, 'F', 7, 4, true, "", 4, true, false },
        { "F=4 does not overwrite the toolstack's 5, seen just before", 5, true, 4, 'F', 5, 4, false, "", 5, true, false },
        { "F=4 does not undo a close after an error", 5, true, 3, 'F', 5, 4, true, "", 5, true, false },
        { "F=4 ends no reconfiguration that the toolstack has given up", 8, true, 7, 'F', 5, 4, false, "", 8, true, false },
        { "F=4 from a frontend that never attached", 3, false, 1, 'F', 3, 4, true, "", 3, false, false },

        // F=5.
        { "F=5", 4, true, 4, 'F', 4, 5, true, "detach state=5", 5, false, false },
        { "F=5 after the toolstack's 5", 5, true, 4, 'F', 5, 5, false, "detach", 5, false, false },
        { "F=5 before anything was attached", 3, false, 1, 'F', 3, 5, true, "state=5", 5, false, false },

        // F=6.
        { "F=6, online", 4, true, 4, 'F', 4, 6, true, "detach state=6", 6, false, false },
        { "F=6 after 5, online", 5, false, 5, 'F', 5, 6, true, "state=6", 6, false, false },
        { "F=6, not online", 5, true, 4, 'F', 5, 6, false, "detach state=6 release", 6, false, true },
        { "X14: closed earlier, then taken away", 5, false, 6, 'F', 5, 6, false, "state=6 release", 6, false, true },
        { "F=6 again", 6, false, 6, 'F', 6, 6, true, "", 6, false, false },

        // F=0: no frontend directory.
        { "F=0", 4, true, 4, 'F', 4, 0, true, "detach state=6 release", 6, false, true },
        { "F=0 before attach", 3, false, 1, 'F', 3, 0, true, "state=6 release", 6, false, true },

        // F=1, 2, 8 and nonsense.
        { "F=1 at boot", 3, false, 1, 'F', 3, 1, true, "", 3, false, false },
        { "F=1 while connected", 4, true, 4, 'F', 4, 1, true, "", 4, true, false },
        { "F=2", 4, true, 4, 'F', 4, 2, true, "", 4, true, false },
        { "F=8", 4, true, 4, 'F', 4, 8, true, "", 4, true, false },
        { "X9: a state that is none is ignored and said", 4, true, 4, 'F', 4, -1, true, "warn", 4, true, false },

        // Reconnect (mini-os walks Closing, Closed, Initialising and waits for a state from 2 to 5).
        { "X15: F=1 after B=6", 6, false, 6, 'F', 6, 1, true, "state=2", 2, false, false },
        { "X15: F=1 after B=5", 5, false, 5, 'F', 5, 1, true, "state=2", 2, false, false },
        { "F=1 after the toolstack's 5, the close unseen", 5, true, 4, 'F', 5, 1, true, "detach state=2", 2, false, false },
        { "F=1 after B=6 when the toolstack wants it gone", 6, false, 6, 'F', 6, 1, false, "", 6, false, false },
        { "F=1 that never changed is not a reconnect", 5, false, 1, 'F', 5, 1, true, "", 5, false, false },

        // F=7.
        { "F=7, B=7, no device changes", 4, true, 4, 'F', 7, 7, true, "state=8", 8, true, false },
        { "F=7 without the toolstack's 7", 4, true, 4, 'F', 4, 7, true, "", 4, true, false },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_row_of_the_state_table_holds(
        string origin,
        int own,
        bool attached,
        int last,
        char kind,
        int backend,
        int frontend,
        bool online,
        string actions,
        int newOwn,
        bool newAttached,
        bool gone)
    {
        GuestObservation seen = Seen(backend, frontend, online, Published(0, HostA), Published(1, HostB));
        GuestEvent happened = kind switch
        {
            'A' => new GuestEvent.Appeared(seen, Adopt: false),
            'O' => new GuestEvent.Appeared(seen, Adopt: true),
            'I' => new GuestEvent.Appeared(seen with { IsInherited = true }, Adopt: true),
            'K' => new GuestEvent.Appeared(seen with { IsInherited = true, FrontendKeysChanged = true }, Adopt: true),
            'B' => new GuestEvent.BackendChanged(seen),
            _ => new GuestEvent.FrontendChanged(seen),
        };
        GuestTransition result = GuestLifecycle.Next(new((XenbusState)own, (XenbusState)last, attached, IsGone: false), happened);
        Assert.True(actions == Describe(result), $"{origin}: expected '{actions}', got '{Describe(result)}'");
        Assert.Equal((newOwn, newAttached, gone), ((int)result.State.Own, result.State.IsAttached, result.State.IsGone));
    }

    [Fact]
    public void What_had_failed_for_an_earlier_daemon_has_failed_and_is_not_said_again()
    {
        GuestObservation seen = Seen(4, 4, true, Published(0, HostA), Published(1, HostB)) with { IsInherited = true, Failed = [HostB, new(0, 9, 0, 0)] };

        GuestTransition result = GuestLifecycle.Next(GuestState.New, new GuestEvent.Appeared(seen, Adopt: true));

        Assert.Equal("aerfail inherit0 inherit1 roots inherit", Describe(result));
        Assert.Equal([false, true], result.Actions.OfType<GuestAction.InheritDevice>().Select(static inherit => inherit.HasFailed));
        Assert.Equal([HostB], result.State.Lost);
        Assert.Equal("", Describe(GuestLifecycle.Next(result.State, new GuestEvent.FunctionsSeen([HostB]))));
        Assert.Equal("no-aerfail", Describe(GuestLifecycle.Next(result.State, new GuestEvent.FunctionsSeen([]))));
    }

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
    public void The_directory_of_a_guest_that_a_device_model_serves_is_left_alone_until_it_goes()
    {
        GuestObservation seen = Seen(1, 1, online: true, Device(0, HostA, 1)) with { Domain = DomainStanding.ServedElsewhere };
        GuestTransition result = GuestLifecycle.Next(GuestState.New, new GuestEvent.Appeared(seen, Adopt: true));
        Assert.Equal(string.Empty, Describe(result));
        Assert.False(result.State.IsGone);
        foreach ((int backend, int frontend) in new[] { (2, 1), (3, 3), (4, 4), (5, 4), (7, 7), (6, 6), (1, 0) })
        {
            GuestObservation later = Seen(backend, frontend, online: false, Device(0, HostA, 1)) with { Domain = DomainStanding.ServedElsewhere };
            Assert.Equal(string.Empty, Describe(GuestLifecycle.Next(result.State, new GuestEvent.BackendChanged(later))));
            Assert.Equal(string.Empty, Describe(GuestLifecycle.Next(result.State, new GuestEvent.FrontendChanged(later))));
        }

        GuestTransition end = GuestLifecycle.Next(result.State, new GuestEvent.BackendChanged(Seen(GuestDirectory.Missing)));
        Assert.Equal(string.Empty, Describe(end));
        Assert.True(end.State.IsGone);
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("", "A", "lostA aerfail")]
    [InlineData("A", "A", "")]
    [InlineData("A", "AB", "lostB aerfail")]
    [InlineData("AB", "B", "")]
    [InlineData("A", "B", "lostB aerfail")]
    [InlineData("AB", "", "no-aerfail")]
    public void Each_function_that_fails_is_told_to_the_toolstack_for_as_long_as_the_guest_has_it(string before, string now, string actions)
    {
        GuestTransition result = GuestLifecycle.Next(Connected with { Lost = Functions(before) }, new GuestEvent.FunctionsSeen(Functions(now)));
        Assert.Equal(actions, Describe(result));
        Assert.Equal(Functions(now), result.State.Lost);
        Assert.Equal((XenbusState.Connected, true), (result.State.Own, result.State.IsAttached));

        static PciAddress[] Functions(string names) => [.. names.Select(static name => name == 'A' ? HostA : HostB)];
    }

    [Fact]
    public void Failed_functions_of_a_guest_that_is_served_elsewhere_are_not_ours_to_tell()
    {
        GuestState elsewhere = GuestState.New with { IsServedElsewhere = true };
        Assert.Empty(GuestLifecycle.Next(elsewhere, new GuestEvent.FunctionsSeen([HostA])).Actions);
        Assert.Empty(GuestLifecycle.Next(Connected with { IsGone = true }, new GuestEvent.FunctionsSeen([HostA])).Actions);
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

    [Fact]
    public void Attached_connects()
    {
        GuestTransition result = GuestLifecycle.Next(new(XenbusState.Initialised, XenbusState.Initialised, false, false), new GuestEvent.Attached());
        Assert.Equal("state=4", Describe(result));
        Assert.True(result.State.IsAttached);
    }

    [Fact]
    public void A_failed_attach_closes_with_an_error()
    {
        GuestTransition result = GuestLifecycle.Next(
            new(XenbusState.Initialised, XenbusState.Initialised, false, false), new GuestEvent.AttachFailed(Errno.EINVAL, "magic is not 7"));
        Assert.Equal("error state=5", Describe(result));
        Assert.False(result.State.IsAttached);
    }

    [Fact]
    public void An_unusable_num_devs_closes_during_set_up()
    {
        GuestObservation seen = Seen(Seen(2, 1, true).Directory with { DevicesError = "num_devs is missing" });
        GuestTransition result = GuestLifecycle.Next(new(XenbusState.InitWait, XenbusState.Initialising, false, false), new GuestEvent.BackendChanged(seen));
        Assert.Equal("error state=5", Describe(result));
    }

    [Fact]
    public void One_unreadable_device_fails_alone()
    {
        GuestObservation seen = Seen(2, 1, true, Device(0, null, 1), Device(1, HostB, 1));
        GuestTransition result = GuestLifecycle.Next(new(XenbusState.InitWait, XenbusState.Initialising, false, false), new GuestEvent.BackendChanged(seen));
        Assert.Equal("fail0 export1 roots state=3", Describe(result));
    }

    [Fact]
    public void A_device_added_at_boot_time_is_exported_in_Initialised_without_a_state_change()
    {
        GuestObservation seen = Seen(3, 1, true, Device(0, HostA, 3), Device(1, HostB, 1));
        GuestTransition result = GuestLifecycle.Next(new(XenbusState.Initialised, XenbusState.Initialising, false, false), new GuestEvent.BackendChanged(seen));
        Assert.Equal("export1 roots", Describe(result));
        Assert.Equal(XenbusState.Initialised, result.State.Own);
    }

    [Fact]
    public void A_reconfiguration_removes_before_it_adds_and_skips_the_rest()
    {
        GuestObservation seen = Seen(7, 7, true, Device(0, HostA, 1), Device(1, HostB, 5), Device(2, HostB, 3), Device(3, HostB, 0));
        GuestTransition result = GuestLifecycle.Next(Connected, new GuestEvent.FrontendChanged(seen));
        Assert.Equal("remove1 export0 roots state=8", Describe(result));
    }

    [Fact]
    public void A_new_page_without_a_close_is_attached_again()
    {
        GuestObservation seen = Seen(4, 3, true) with { FrontendKeysChanged = true };
        GuestTransition result = GuestLifecycle.Next(Connected, new GuestEvent.FrontendChanged(seen));
        Assert.Equal("detach state=3 attach", Describe(result));
    }

    [Fact]
    public void Nothing_happens_after_the_end()
    {
        GuestState gone = Connected with { IsGone = true };
        foreach (int frontend in new[] { -1, 0, 1, 2, 3, 4, 5, 6, 7, 8 })
        {
            Assert.Empty(GuestLifecycle.Next(gone, new GuestEvent.FrontendChanged(Seen(1, frontend, true))).Actions);
            Assert.Empty(GuestLifecycle.Next(gone, new GuestEvent.BackendChanged(Seen(1, frontend, true))).Actions);
        }
    }

    [Fact]
    public void Any_sequence_detaches_exactly_what_it_attached_and_ends_silent()
    {
        Gen.Select(Gen.Int[-1, 8], Gen.Int[0, 8], Gen.Bool, Gen.Int[0, 3]).Array[1, 60].Sample(steps =>
        {
            GuestState state = GuestState.New;
            bool mapped = false;
            Run(new GuestEvent.Appeared(Seen(1, 1, true), Adopt: false));
            foreach ((int frontend, int backend, bool online, int kind) in steps)
            {
                // The toolstack's writes: otherwise the stored state is what this side wrote last.
                GuestObservation seen = Seen(kind == 0 ? backend : (int)state.Own, frontend, online);
                Run(kind == 1 ? new GuestEvent.BackendChanged(seen) : new GuestEvent.FrontendChanged(seen));
            }

            Run(new GuestEvent.Vanished());
            Assert.False(mapped);

            void Run(GuestEvent happened)
            {
                GuestTransition next = GuestLifecycle.Next(state, happened);
                state = next.State;
                foreach (GuestAction action in next.Actions)
                {
                    if (action is GuestAction.Detach)
                    {
                        Assert.True(mapped, "detach of nothing");
                        mapped = false;
                    }
                    else if (action is GuestAction.Attach)
                    {
                        Assert.False(mapped, "attached twice");
                        mapped = true;
                        Run(new GuestEvent.Attached());
                    }
                }

                Assert.Equal(mapped, state.IsAttached);
            }
        });
    }

    private static GuestState Connected => new(XenbusState.Connected, XenbusState.Connected, IsAttached: true, IsGone: false);

    private static GuestObservation Seen(int backend, int frontend, bool online, params DeviceKeys[] devices) => Seen(new()
    {
        Exists = true,
        HasDeviceCount = true,
        Backend = (XenbusState)backend,
        Frontend = (XenbusState)frontend,
        IsOnline = online,
        Devices = devices,
    });

    private static GuestObservation Seen(GuestDirectory directory) => new(directory, DomainStanding.Served);

    private static DeviceKeys Device(int index, PciAddress? host, int state) =>
        new(index, host, (XenbusState)state) { HostText = host?.ToString() ?? "zz" };

    private static DeviceKeys Published(int index, PciAddress host) => Device(index, host, 3) with { Guest = new(0, 0, (byte)index, 0) };

    private static string Describe(GuestTransition transition) => string.Join(' ', transition.Actions.Select(action => action switch
    {
        GuestAction.SwitchState a => $"state={(int)a.State}",
        GuestAction.ExposeDevice a => $"export{a.Device.Index}",
        GuestAction.WithdrawDevice a => $"remove{a.Device.Index}",
        GuestAction.FailDevice a => $"fail{a.Index}",
        GuestAction.WithdrawUnlisted => "takeback",
        GuestAction.PublishRoots => "roots",
        GuestAction.Attach => "attach",
        GuestAction.InheritDevice a => $"inherit{a.Device.Index}",
        GuestAction.Inherit => "inherit",
        GuestAction.DropMessages => "drop",
        GuestAction.Detach => "detach",
        GuestAction.ReportError => "error",
        GuestAction.Warn => "warn",
        GuestAction.ReportLost a => a.Host == HostA ? "lostA" : "lostB",
        GuestAction.PublishFailure a => a.HasFailed ? "aerfail" : "no-aerfail",
        GuestAction.ReleaseDevices => "release",
        _ => action.ToString(),
    }));
}
