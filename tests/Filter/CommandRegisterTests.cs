using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

public sealed class CommandRegisterTests
{
    private const uint GuestMask = 0x02BC;

    private static EmulatedFunction NewHardware() => new EmulatedFunctionBuilder(0x8086, 0x10FB)
        .Set(0x04, 2, 0x0002).Set(0x0C, 1, 0x10).BaseAddress(0, 0xFB00_0000, 0x4000).Build();

    // Linux xen-pciback's command_read and command_write: what hardware may become of what the guest writes, in all values.
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Every_value_behaves_as_the_truth_table_says(bool isPermissive, bool interruptControl)
    {
        AccessPolicy policy = (isPermissive ? AccessPolicy.Permissive : AccessPolicy.Default) with
        {
            AllowInterruptControl = new Setting<bool>(interruptControl, SettingOrigin.BuiltIn),
        };
        var guest = new FilteredGuest(NewHardware(), policy);
        guest.Hardware.RecordAccesses(false);
        uint writable = guest.Hardware.Masks.Writable[4] | ((uint)guest.Hardware.Masks.Writable[5] << 8);
        uint last = 0x0002;
        bool enabled = false;
        for (uint i = 0; i <= 0xFFFF; i++)
        {
            // An odd multiplier visits all values in an order in which neighbours differ in many bits.
            uint wanted = (i * 40503) & 0xFFFF;
            uint before = guest.Raw(4, 2);
            Assert.Equal(AccessStatus.Success, guest.Write(4, 2, wanted));

            enabled = enabled ? (wanted & 3) != 0 : (wanted & 3) != 0;
            uint expected = (before & ~0x4u) | (wanted & 0x4);
            if (((wanted ^ last) & 0x10) != 0)
            {
                expected = (expected & ~0x10u) | (wanted & 0x10);
            }

            if (interruptControl && ((wanted ^ last) & 0x400) != 0)
            {
                expected = (expected & ~0x400u) | (wanted & 0x400);
            }

            if (isPermissive)
            {
                expected = (expected & ~GuestMask) | (wanted & GuestMask);
            }

            expected = (before & ~writable) | (expected & writable);
            uint after = guest.Raw(4, 2);
            Assert.True(expected == after, $"wrote {wanted:x4} over {before:x4}: hardware {after:x4}, expected {expected:x4}");
            Assert.True((after & 2) != 0, "memory decode was switched off");
            Assert.Equal((after & GuestMask) | (wanted & ~GuestMask & 0xFFFF), guest.Read(4, 2));
            Assert.Equal(enabled, guest.Assigned.Registers.IsEnabled);
            last = wanted;
        }
    }

    // XSA-120, CVE-2015-8553, XSA-126.
    [Theory]
    [InlineData(PolicyProfile.Default)]
    [InlineData(PolicyProfile.Permissive)]
    [InlineData(PolicyProfile.Strict)]
    [InlineData(PolicyProfile.QemuXen)]
    public void Decode_stays_on_in_every_profile_and_reads_as_the_guest_left_it(PolicyProfile profile)
    {
        var guest = new FilteredGuest(SampleFunctions.Card(), AccessPolicy.For(profile));
        guest.Write(4, 2, 0x0007);
        guest.Write(4, 2, 0x0000);
        Assert.Equal(0x0002u, guest.Raw(4, 2) & 0x0002);
        Assert.Equal(0x0000u, guest.Read(4, 2) & 0x0003);
    }

    [Fact]
    public void Enabling_leaves_the_shard_and_a_plain_write_does_not()
    {
        var guest = new FilteredGuest(NewHardware());
        guest.Write(4, 2, 0x0002);
        Assert.True(guest.LastMayBlock);
        guest.Write(4, 2, 0x0006);
        Assert.False(guest.LastMayBlock);

        // The other byte alone enables as well: the virtual value has the decode bit of the host's.
        var other = new FilteredGuest(NewHardware());
        other.Write(5, 1, 0x04);
        Assert.True(other.LastMayBlock);
        Assert.True(other.Assigned.Registers.IsEnabled);
    }

    [Fact]
    public void A_failed_enable_fails_the_write_and_changes_nothing()
    {
        var guest = new FilteredGuest(NewHardware());
        guest.Hardware.Faults.Inject(FaultKind.Fails);
        Assert.Equal(AccessStatus.OperationFailed, guest.Write(4, 2, 0x0006));
        guest.Hardware.Faults.Release();
        Assert.Equal(0x0002u, guest.Raw(4, 2));
        Assert.False(guest.Assigned.Registers.IsEnabled);
    }

    // Memory Write and Invalidate without a cache line size cannot be had: the bit is dropped from what the guest reads.
    [Fact]
    public void Mwi_programs_a_missing_cache_line_size_first()
    {
        var guest = new FilteredGuest(new EmulatedFunctionBuilder(0x8086, 0x10FB).BaseAddress(0, 0xFB00_0000, 0x4000).Build());
        guest.Write(4, 2, 0x0012);
        Assert.Equal(0x10u, guest.Raw(0x0C, 1));
        Assert.Equal(0x10u, guest.Raw(4, 2) & 0x10);
    }

    [Fact]
    public void A_byte_of_the_register_is_merged_with_the_rest()
    {
        var guest = new FilteredGuest(NewHardware());
        guest.Write(4, 2, 0x0546);
        guest.Write(5, 1, 0x00);
        Assert.Equal(0x0046u, guest.Read(4, 2));
        guest.Write(4, 1, 0x02);
        Assert.Equal(0x0002u, guest.Read(4, 2));
    }
}
