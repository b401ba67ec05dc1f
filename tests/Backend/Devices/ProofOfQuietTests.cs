using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>
/// A device leaves quarantine for the host only when it is seen to have stopped, whatever it says of itself: guests write serial numbers, and firmware
/// can play dead.
/// </summary>
public sealed class ProofOfQuietTests : HeldNicTests
{
    /// <summary>QEMU serves the guest: nobody here claims it, and nobody sees what is written to its memory of serial numbers.</summary>
    [Theory]
    [InlineData(0x144)]
    [InlineData(0x02)]
    [InlineData(0x0A)]
    public void A_device_that_says_it_is_another_card_is_stopped_and_reset_before_the_host_gets_it(int offset)
    {
        LeftRunningBy(5);
        Host[Nic].Edit(config => config[offset] ^= 0x10);
        int resets = Host[Nic].Resets.Count;
        (int owner, int command) = (0, 0xFFFF);
        Host[Nic].OnReset = device => (owner, command) = (Host.Passthrough.OwnerOf(Address), device.Word(Command));

        Custody.GiveBack(Address, rebind: false, force: false);

        Assert.Equal((DomainInfo.Quarantine, 0x0543), (owner, command));
        Assert.Equal(resets + 1, Host[Nic].Resets.Count);
        Assert.False(IsMaster);
        Assert.Empty(Custody.Held());
    }

    [Fact]
    public void A_device_that_says_it_is_another_card_is_stopped_when_its_guest_loses_it()
    {
        Assign(5);
        Host[Nic].Edit(static config => config[0x144] ^= 0xFF).Set(Command, 0x0547);

        Custody.Stop(Address);

        Assert.False(IsMaster);
    }

    [Fact]
    public void A_device_whose_override_somebody_took_away_is_ours_as_long_as_it_is_enabled()
    {
        LeftRunningBy(5);
        Host[Nic].With("driver_override", "(null)").Edit(static config => config[0x144] ^= 0xFF);

        Custody.GiveBack(Address, rebind: false, force: false);

        Assert.False(IsMaster);
    }

    [Fact]
    public void A_device_that_plays_dead_stays_in_quarantine_until_it_answers()
    {
        LeftRunningBy(5);
        byte[] alive = Host[Nic].Config;
        Host[Nic].Pull();

        AssertRefused("does not answer");

        Host[Nic].Edit(config => alive.CopyTo(config, 0));
        Custody.GiveBack(Address, rebind: false, force: false);
        Assert.Equal((0, false), (Host.Passthrough.OwnerOf(Address), IsMaster));
    }

    [Fact]
    public void A_device_whose_reset_fails_stays_in_quarantine()
    {
        LeftRunningBy(5);
        Host[Nic].OnReset = static _ => throw new IOException("it hangs");

        AssertRefused("could not reset");
        Assert.False(IsMaster);
    }

    [Fact]
    public void A_person_who_insists_gets_a_device_that_is_not_known_to_have_stopped()
    {
        LeftRunningBy(5);
        Host[Nic].OnReset = static _ => throw new IOException("it hangs");

        Custody.GiveBack(Address, rebind: true, force: true);

        Assert.Equal((0, "e1000e"), (Host.Passthrough.OwnerOf(Address), Host[Nic].Driver));
        Assert.Contains(Host.Lines.Warnings, static line => line.Contains("a person insists", StringComparison.Ordinal));
        Assert.Empty(Custody.Held());
    }

    [Fact]
    public void What_was_refused_to_the_host_can_be_made_ready_for_a_guest_once_it_can_be_reset()
    {
        LeftRunningBy(5);
        Host[Nic].OnReset = static _ => throw new IOException("it hangs");
        AssertRefused("could not reset");
        Host[Nic].OnReset = null;

        Custody.MakeReady(Address);

        Assert.True(Custody.Functions.Claim(6, Address).IsGranted);
    }

    /// <summary>It was quiet when it was made ready; its guest never answered, and switched it on through its memory.</summary>
    [Fact]
    public void A_device_that_its_guest_switched_on_behind_our_back_is_stopped_before_the_guest_loses_it()
    {
        Assign(5);
        Host[Nic].Set(Command, 0x0547);
        int before = Host[Nic].Resets.Count;

        Custody.Stop(Address);

        Assert.Equal((false, before + 1), (IsMaster, Host[Nic].Resets.Count));
        Custody.Stop(Address);
        Assert.Equal(before + 1, Host[Nic].Resets.Count);
    }

    private bool IsMaster => (Host[Nic].Word(Command) & CommandBits.BusMaster) != 0;

    private void LeftRunningBy(int domain)
    {
        Assign(domain);
        Host[Nic].Set(Command, 0x0547);
        Host.Domains.Deassign(domain, Address);
        Assert.Equal(DomainInfo.Quarantine, Host.Passthrough.OwnerOf(Address));
    }

    private void AssertRefused(string why)
    {
        BackendException refusal = Assert.Throws<BackendException>(() => Custody.GiveBack(Address, rebind: true, force: false));

        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("stays in quarantine", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--force", refusal.Message, StringComparison.Ordinal);
        Assert.Equal((DomainInfo.Quarantine, null), (Host.Passthrough.OwnerOf(Address), Host[Nic].Driver));
        Assert.Equal(Address, Assert.Single(Custody.Held()).Address);
    }
}
