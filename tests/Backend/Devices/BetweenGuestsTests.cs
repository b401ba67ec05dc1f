using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>What lies between two guests of a device: resets, restored registers, quarantine.</summary>
public sealed class BetweenGuestsTests : HeldNicTests
{
    [Fact]
    public void The_next_guest_finds_nothing_of_the_last_one()
    {
        Custody.MakeReady(Address);
        byte[] first = Everything(Claimed(5));
        Scribble();
        Custody.Functions.Release(5, Address);
        Assert.Equal(0x0103, Host[Nic].Word(Command));

        Custody.MakeReady(Address);
        Assert.Equal(first, Everything(Claimed(6)));
    }

    [Fact]
    public void What_an_error_recovery_wiped_comes_back_between_guests()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        byte[] before = Host[Nic].Config;

        // A link reset that nobody restored: addresses, Command and Device Control are zero.
        Host[Nic].Edit(static config =>
        {
            config.AsSpan(Bar0, 24).Clear();
            config.AsSpan(Command, 2).Clear();
            config.AsSpan(DeviceControl, 2).Clear();
        });
        Custody.Functions.Release(5, Address);

        Assert.Equal(before[Bar0..(Bar0 + 24)], Host[Nic].Config[Bar0..(Bar0 + 24)]);
        Assert.Equal(before[DeviceControl..(DeviceControl + 2)], Host[Nic].Config[DeviceControl..(DeviceControl + 2)]);
        Assert.Equal(0x0103, Host[Nic].Word(Command));
    }

    /// <summary>
    /// At detach libxl resets while the guest still has the device: that is done when the guest lets go. And
    /// before an attach, when nobody has it.
    /// </summary>
    [Fact]
    public void A_toolstacks_own_reset_makes_ready_what_nobody_has_and_leaves_a_guests_device_to_its_release()
    {
        int before = Host[Nic].Resets.Count;
        Claimed(5);
        Custody.Reset(Address);
        Assert.Equal(before, Host[Nic].Resets.Count);

        Custody.Functions.Release(5, Address);
        Custody.Reset(Address);
        Assert.Equal(before + 1, Host[Nic].Resets.Count);
        Assert.Throws<BackendException>(() => Custody.Reset(PciAddress.Parse("09:00.0")));
    }

    [Fact]
    public void Bus_mastering_is_off_before_the_reset()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        ushort atReset = 0;
        Host[Nic].OnReset = device => atReset = device.Word(Command);

        Assert.True(function.TryReset());

        Assert.Equal(0x0103, atReset);
    }

    [Fact]
    public void A_transaction_that_never_ends_does_not_hold_up_the_reset_for_long()
    {
        IPciFunction function = Claimed(5);
        Host[Nic].Set(DeviceStatus, 0x0020);
        long start = Environment.TickCount64;

        Assert.True(function.TryReset());

        Assert.InRange(Environment.TickCount64 - start, 600, 30_000);
    }

    [Fact]
    public void Messages_that_were_on_are_written_back_by_xen_after_a_guests_reset()
    {
        IPciFunction function = Claimed(5);
        Assert.True(function.TryReset());
        Assert.Equal(0, Restored());

        function.TryWrite(MsiXControl, 2, 0x8004);
        Assert.True(function.TryReset());
        Assert.Equal(1, Restored());
    }

    [Fact]
    public void A_function_the_kernel_cannot_reset_says_so_and_is_restored()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        File.Delete(Host[Nic].Path("reset"));
        File.Delete(Host[Nic].Path("reset_method"));

        Assert.False(function.TryReset());
        Assert.Equal(0x0103, Host[Nic].Word(Command));
    }

    [Fact]
    public void What_the_kernel_s_reset_of_a_link_lost_is_written_back_also_where_there_is_no_other_reset()
    {
        IPciFunction function = Claimed(5);
        byte[] before = Host[Nic].Config;
        File.Delete(Host[Nic].Path("reset"));
        File.Delete(Host[Nic].Path("reset_method"));

        // As seen after a fatal error of a device without a driver: base addresses, command and device control are 0.
        Host[Nic].Edit(static config =>
        {
            config.AsSpan(Command, 2).Clear();
            config.AsSpan(Bar0, 24).Clear();
            config.AsSpan(DeviceControl, 2).Clear();
        });

        Assert.False(function.TryReset());
        Assert.True(function.TryPutBack());
        Assert.Equal(before, Host[Nic].Config);

        Host[Nic].Pull();
        Assert.False(function.TryPutBack());
    }

    [Fact]
    public void Only_what_a_guest_touched_is_reset_when_it_leaves()
    {
        int before = Host[Nic].Resets.Count;
        Claimed(5);
        Custody.Functions.Release(5, Address);
        Assert.Equal(before, Host[Nic].Resets.Count);

        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        function.TryReset();
        Custody.Functions.Release(5, Address);
        Assert.Equal(before + 1, Host[Nic].Resets.Count);
    }

    [Fact]
    public void A_device_that_leaves_its_guest_is_in_quarantine()
    {
        Host.Xen.CreateDomain(5);
        Custody.MakeReady(Address);
        Host.Domains.Assign(5, Address, relaxed: false);
        Claimed(5).TryWrite(Command, 2, 0x0107);

        // A program that was restarted does not know its guests; Xen does.
        using (DeviceCustody restarted = Host.Open())
        {
            Assert.Contains("belongs to another guest", Assert.Throws<BackendException>(() => restarted.MakeReady(Address)).Message, StringComparison.Ordinal);
        }

        Host.Domains.Deassign(5, Address);
        Custody.Functions.Release(5, Address);

        Assert.Equal(DomainInfo.Quarantine, Host.Passthrough.OwnerOf(Address));
        Custody.MakeReady(Address);
    }

    /// <summary>Its guest can write to its memory until Xen no longer counts it as the guest's: a reset before that may have been in vain.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_guest_could_still_reach_when_it_was_reset_is_reset_again_before_the_host_gets_it(bool isTouched)
    {
        Assign(5);
        IPciFunction function = Claimed(5);
        if (isTouched)
        {
            function.TryWrite(Command, 2, 0x0107);
        }

        Assert.True(function.TryReset());
        Custody.Functions.Release(5, Address);
        Host.Domains.Deassign(5, Address);
        int before = Host[Nic].Resets.Count;

        Custody.GiveBack(Address, rebind: true, force: false);

        Assert.Equal(before + 1, Host[Nic].Resets.Count);
    }

    [Fact]
    public void What_a_dead_guest_had_is_reset_once_when_it_could_not_reach_it_any_more()
    {
        Assign(5);
        IPciFunction function = Claimed(5);
        int before = Host[Nic].Resets.Count;
        Host.Xen.DestroyDomain(5);
        Assert.True(function.TryReset());
        Custody.Functions.Release(5, Address);
        Assert.Equal(before + 1, Host[Nic].Resets.Count);
    }

    /// <summary>Its registers were only read; what was done in its memory nobody saw.</summary>
    [Fact]
    public void A_device_that_a_dead_guest_only_read_is_reset_all_the_same()
    {
        Assign(5);
        Claimed(5);
        int before = Host[Nic].Resets.Count;
        Host.Xen.DestroyDomain(5);
        Custody.Functions.Release(5, Address);

        Assert.Equal(before + 1, Host[Nic].Resets.Count);
    }

    /// <summary>QEMU serves an HVM guest's device: it is never claimed here, and nobody sees what its guest does to it.</summary>
    [Fact]
    public void A_device_that_a_guest_had_without_claiming_it_is_reset_before_the_host_gets_it()
    {
        Assign(5);
        Host[Nic].Set(Command, 0x0507);
        Host.Domains.Deassign(5, Address);
        int before = Host[Nic].Resets.Count;
        ushort atReset = 0xFFFF;
        Host[Nic].OnReset = device => atReset = device.Word(Command);

        Custody.GiveBack(Address, rebind: false, force: false);

        Assert.Equal((before + 1, 0x0503), (Host[Nic].Resets.Count, atReset));
    }

    [Fact]
    public void A_reset_that_failed_is_made_up_for_before_anybody_else_gets_the_device()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        Host.FailAt = 0;
        Assert.False(function.TryReset());
        int before = Host[Nic].Resets.Count;

        Custody.Functions.Release(5, Address);

        Assert.Equal(before + 1, Host[Nic].Resets.Count);
        Assert.Null(Assert.Single(Custody.Held()).Unusable);
    }

    [Fact]
    public void A_device_whose_every_reset_fails_is_nobodys_after_its_guest()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        Host[Nic].OnReset = static _ => throw new IOException("it hangs");
        Assert.False(function.TryReset());

        Custody.Functions.Release(5, Address);

        Assert.Contains("could not reset", Assert.Single(Custody.Held()).Unusable, StringComparison.Ordinal);
        Assert.False(Custody.Functions.Claim(6, Address).IsGranted);
    }

    [Fact]
    public void A_device_that_cannot_be_cleaned_is_nobodys_until_it_can_be()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        Host.FailAt = 0;
        Custody.Functions.Release(5, Address);

        Assert.Contains("could not reset", Assert.Single(Custody.Held()).Unusable, StringComparison.Ordinal);
        Assert.NotNull(Assert.Single(Custody.Held()).Unusable);
        Assert.Contains("could not reset", Custody.Functions.Claim(6, Address).Refusal?.Reason, StringComparison.Ordinal);
        Assert.NotEmpty(Host.Lines.Errors);

        Custody.MakeReady(Address);
        Assert.True(Custody.Functions.Claim(6, Address).IsGranted);
    }

    [Fact]
    public void What_a_guest_left_running_is_stopped_before_the_device_leaves_quarantine()
    {
        Claimed(5).TryWrite(Command, 2, 0x0107);
        Host.FailAt = 0;
        Custody.Functions.Release(5, Address);
        Host[Nic].Set(Command, 0x0107);
        ushort atReset = 0xFFFF;
        int owner = 0;
        Host[Nic].OnReset = device => (atReset, owner) = (device.Word(Command), Host.Passthrough.OwnerOf(Address));

        Custody.GiveBack(Address, rebind: true, force: false);

        Assert.Equal(0x0103, atReset);
        Assert.Equal(DomainInfo.Quarantine, owner);
    }
}
