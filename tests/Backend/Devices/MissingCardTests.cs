using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>Cards that are pulled out, swapped or do not answer.</summary>
public sealed class MissingCardTests : HeldNicTests
{
    [Fact]
    public void A_device_pulled_out_of_a_guests_hands_is_gone_and_nobody_gets_it()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        Host[Nic].Pull();

        Assert.False(function.TryReset());
        Custody.Functions.Release(5, Address);

        Assert.Contains("does not answer", Assert.Single(Custody.Held()).Unusable, StringComparison.Ordinal);
        Assert.Throws<BackendException>(() => Custody.MakeReady(Address));
        Assert.False(Custody.Functions.Claim(6, Address).IsGranted);
    }

    [Fact]
    public void A_device_that_answers_all_ones_is_not_handed_out()
    {
        Host[Nic].Pull();

        Assert.Contains("is gone", Custody.Functions.Claim(5, Address).Refusal?.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_that_was_unplugged_can_be_given_back_but_not_handed_out()
    {
        Host.Remove(Nic);

        Assert.Contains("it is gone", Custody.Functions.Claim(5, Address).Refusal?.Reason, StringComparison.Ordinal);
        Assert.Contains("it is gone", Assert.Throws<BackendException>(() => Custody.MakeReady(Address)).Message, StringComparison.Ordinal);
        Custody.GiveBack(Address, rebind: true, force: false);
        Assert.Empty(Custody.Held());
    }

    /// <summary>Xen 4.17 answers ENODEV to the question whether a device can be assigned, also when the kernel has removed it.</summary>
    [Fact]
    public void A_card_that_is_gone_is_said_to_be_gone_whatever_xen_says_of_it()
    {
        Host.Xen.CreateDomain(5);
        Host.Domains.Assign(5, Address, relaxed: false);
        Host.Remove(Nic);

        Assert.Contains("it is gone", Assert.Throws<BackendException>(() => Custody.MakeReady(Address)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_swapped_at_the_same_address_is_refused_with_both_named()
    {
        Host[Nic].Edit(static config => config[0x02] = 0xD4);

        string claim = Custody.Functions.Claim(5, Address).Refusal!.Reason;
        string ready = Assert.Throws<BackendException>(() => Custody.MakeReady(Address)).Message;
        foreach (string message in (string[])[claim, ready])
        {
            Assert.Contains("8086:10d3", message, StringComparison.Ordinal);
            Assert.Contains("8086:10d4", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_card_of_the_same_model_with_another_serial_number_is_another_card()
    {
        Host[Nic].Edit(static config => config[0x144] ^= 0xFF);

        Assert.Contains("serial 525400ffff123456", Custody.Functions.Claim(5, Address).Refusal?.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_card_went_is_said()
    {
        byte[] config = Host[Nic].Config;
        Host.Remove(Nic);
        Host.Add("04:00.0", config, driver: null, "00:1c.0");

        Assert.Contains("a card like the one that was taken is at 0000:04:00.0", Custody.Functions.Claim(5, Address).Refusal?.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_that_was_unplugged_and_plugged_in_again_is_made_ready_from_the_start()
    {
        // A new object in the kernel and in Xen, which know nothing of what was done to the old one.
        Host[Nic].With("driver_override", "(null)").With("enable", "0").With("power/control", "auto").Edit(static config => config.AsSpan(Command, 2).Clear());
        Host.Physdev.ReleaseMsix(Address);
        Host.Domains.Deassign(DomainInfo.Quarantine, Address);

        Custody.MakeReady(Address);

        Assert.Equal(("pcibackflow", "1", "on"), (Host[Nic].Text("driver_override"), Host[Nic].Text("enable"), Host[Nic].Text("power/control")));
        Assert.True(Host.Passthrough.IsPrepared(Address));
        Assert.Equal(DomainInfo.Quarantine, Host.Passthrough.OwnerOf(Address));
        Assert.Equal(0x0103, Host[Nic].Word(Command));
    }

    /// <summary>A guest that had the old card ends: what is in its place now is not stopped, not reset, and gets nothing of the old one's settings.</summary>
    [Fact]
    public void A_card_in_the_place_of_one_that_a_guest_had_is_left_alone_at_that_guests_end()
    {
        byte[] old = PulledOutOfAGuestsHands();
        Host[Nic].Edit(config => old.CopyTo(config, 0)).Edit(static config => config[0x02] = 0xD4).Set(Command, 0x0147);
        PluggedInAnew();

        AssertNotMadeQuiet("another card is in its place");
    }

    [Fact]
    public void A_card_that_the_hosts_driver_has_by_now_is_left_alone_at_its_guests_end()
    {
        byte[] old = PulledOutOfAGuestsHands();
        Host[Nic].Edit(config => old.CopyTo(config, 0)).Set(Command, 0x0147);
        Host.Bind(Nic, "e1000e");

        AssertNotMadeQuiet("the host's driver e1000e");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_card_that_the_hosts_driver_has_by_now_is_given_back_untouched(bool rebind)
    {
        Host.Bind(Nic, "e1000e");
        Host[Nic].Set(Command, 0x0507);
        byte[] before = Host[Nic].Config;
        int resets = Host[Nic].Resets.Count;
        Host.Happened.Clear();

        Custody.GiveBack(Address, rebind, force: false);

        Assert.Equal(before, Host[Nic].Config);
        Assert.Equal((resets, "e1000e"), (Host[Nic].Resets.Count, Host[Nic].Driver));
        Assert.DoesNotContain(Host.Happened, static what => what.Contains("Msix", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(Custody.Held());
    }

    [Fact]
    public void A_card_that_does_not_answer_when_the_host_goes_to_sleep_gets_the_settings_it_was_taken_with()
    {
        Claimed(5);
        byte[] clean = Host[Nic].Config;
        Host[Nic].Pull();
        Custody.Settings.Suspend();
        Host[Nic].Edit(config => clean.CopyTo(config, 0));

        Assert.Empty(Custody.Settings.Resume());
        Assert.Equal(clean, Host[Nic].Config);
    }

    /// <summary>Whatever it is, no guest has had it: a new card is a new object to the kernel, which has not heard of us.</summary>
    [Fact]
    public void A_card_plugged_in_anew_in_its_place_is_given_back_untouched()
    {
        Host[Nic].Edit(static config => config[0x02] = 0xD4).Set(Command, 0x0147);
        PluggedInAnew();
        byte[] before = Host[Nic].Config;
        int resets = Host[Nic].Resets.Count;

        Custody.GiveBack(Address, rebind: false, force: false);

        Assert.Equal(before, Host[Nic].Config);
        Assert.Equal(resets, Host[Nic].Resets.Count);
        Assert.Empty(Custody.Held());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_no_longer_ours_to_hand_on_is_given_back_whoever_could_reach_it(bool isGone)
    {
        Custody.FormerGuests = new Everywhere();
        if (isGone)
        {
            Host.Remove(Nic);
        }
        else
        {
            Host.Bind(Nic, "e1000e");
        }

        Custody.GiveBack(Address, rebind: false, force: false);

        Assert.Empty(Custody.Held());
    }

    private void AssertNotMadeQuiet(string why)
    {
        byte[] before = Host[Nic].Config;
        int resets = Host[Nic].Resets.Count;

        Assert.Contains(why, Assert.Throws<BackendException>(() => Custody.Stop(Address)).Message, StringComparison.Ordinal);

        Assert.Equal(before, Host[Nic].Config);
        Assert.Equal(resets, Host[Nic].Resets.Count);
    }

    // A new object in the kernel and in Xen, which know nothing of what was done to the old one.
    private void PluggedInAnew()
    {
        Host[Nic].With("driver_override", "(null)").With("enable", "0");
        Host.Domains.Deassign(DomainInfo.Quarantine, Address);
    }

    /// <returns>Its registers before.</returns>
    private byte[] PulledOutOfAGuestsHands()
    {
        byte[] old = Host[Nic].Config;
        Claimed(5).TryWrite(Command, 2, 0x0107);
        Host[Nic].Pull();
        Custody.Functions.Release(5, Address);
        return old;
    }

    private sealed class Everywhere : IFormerGuests
    {
        public IReadOnlyList<int> LivingOf(PciAddress device) => [7];
    }
}
