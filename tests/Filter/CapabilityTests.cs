using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests;

public sealed class CapabilityTests
{
    private static AccessPolicy WithInterruptControl { get; } =
        AccessPolicy.Default with { AllowInterruptControl = new(true, new SettingOrigin(SettingSource.Verb, "test")) };

    [Fact]
    public void Capability_headers_are_read_only_in_every_profile()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Permissive);
        byte[] before = guest.Hardware.Snapshot();
        foreach (int at in new[] { Pm, Msi, Express, Msix, Vpd, Vendor, Af })
        {
            Assert.Equal(AccessStatus.Success, guest.Write(at, 2, 0));
        }

        foreach (int at in new[] { Aer, Acs, SrIov, Ltr })
        {
            Assert.Equal(AccessStatus.Success, guest.Write(at, 4, 0));
        }

        Assert.Empty(guest.Writes());
        Assert.Equal(before, guest.Hardware.Snapshot());
    }

    [Fact]
    public void Pme_support_is_gone_and_pme_is_switched_off_before_the_guest_comes()
    {
        EmulatedFunction card = CardBuilder().Set(Pm + 4, 2, 0x2108).Build();
        var guest = new FilteredGuest(card);
        Assert.True(SideEffects.Prepare(guest.Assigned));
        Assert.Equal(0x0023u, guest.Read(Pm + 2, 2));
        Assert.Equal(0xF823u, guest.Raw(Pm + 2, 2));
        Assert.Equal(0u, guest.Raw(Pm + 4, 2) & 0x0100);
    }

    [Theory]
    [InlineData(PolicyProfile.Default)]
    [InlineData(PolicyProfile.Permissive)]
    [InlineData(PolicyProfile.Strict)]
    [InlineData(PolicyProfile.QemuXen)]
    public void Pme_enable_reads_0_even_while_hardware_has_it_and_a_write_never_sets_it(PolicyProfile profile)
    {
        var guest = new FilteredGuest(CardBuilder().Set(Pm + 4, 2, 0x0108).Build(), AccessPolicy.For(profile));
        Assert.Equal(0u, guest.Read(Pm + 4, 2) & 0x0100);
        Assert.True(SideEffects.Prepare(guest.Assigned));
        Assert.Equal(0u, guest.Raw(Pm + 4, 2) & 0x0100);
        guest.Write(Pm + 4, 2, 0x0108);
        Assert.Equal(0u, guest.Read(Pm + 4, 2) & 0x0100);
        Assert.Equal(0u, guest.Raw(Pm + 4, 2) & 0x0100);
    }

    [Fact]
    public void Pme_is_switched_off_also_where_policy_hides_the_capability()
    {
        var guest = new FilteredGuest(CardBuilder().Set(Pm + 4, 2, 0x0108).Build(), AccessPolicy.Default with { HiddenCapabilities = ["CAP_PM"] });
        Assert.True(SideEffects.Prepare(guest.Assigned));
        Assert.Equal(0u, guest.Raw(Pm + 4, 2) & 0x0100);
    }

    // S9: states, and whether the function of the sample (no D1, no D2) takes them.
    [Theory]
    [InlineData(0u, AccessStatus.Success, 0)]
    [InlineData(1u, AccessStatus.AccessDenied, 0)]
    [InlineData(2u, AccessStatus.AccessDenied, 0)]
    [InlineData(3u, AccessStatus.Success, 3)]
    public void Power_states_are_changed_by_the_host_where_policy_allows_that(uint state, AccessStatus status, int reached)
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Default with { AllowPowerStates = new(true, SettingOrigin.BuiltIn) });
        Assert.Equal(status, guest.Write(Pm + 4, 2, state));
        Assert.True(guest.LastMayBlock);
        Assert.Equal(reached, guest.Hardware.PowerState);
    }

    [Theory]
    [InlineData(0u, AccessStatus.Success, 0u)]
    [InlineData(1u, AccessStatus.AccessDenied, 0u)]
    [InlineData(2u, AccessStatus.AccessDenied, 0u)]
    [InlineData(3u, AccessStatus.Success, 3u)]
    public void By_default_power_states_are_answered_on_the_shard_and_nothing_is_written(uint state, AccessStatus status, uint seen)
    {
        var guest = new FilteredGuest(Card());
        Assert.Equal(status, guest.Write(Pm + 4, 2, state));
        Assert.False(guest.LastMayBlock);
        Assert.Equal(0u, guest.LastDenied);
        Assert.Empty(guest.Writes());
        Assert.Equal((0, 0x0008u | seen), (guest.Hardware.PowerState, guest.Read(Pm + 4, 2) & 0x000B));

        // The middle states are the only ones whose existence has to be looked up.
        guest.Accesses();
        guest.Write(Pm + 4, 1, state);
        Assert.Equal(state is 1 or 2 ? 2 : 1, guest.Accesses().Count);
    }

    [Fact]
    public void Where_the_profile_answers_power_states_itself_it_is_said_that_the_option_opens_nothing()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.QemuXen with { AllowPowerStates = new(true, SettingOrigin.BuiltIn) });
        Assert.Contains(guest.Compiled.PolicyProblems, static problem => problem.StartsWith("allow_power_states:", StringComparison.Ordinal));
        guest.Write(Pm + 4, 2, 3);
        Assert.Equal((0, 3u), (guest.Hardware.PowerState, guest.Read(Pm + 4, 2) & 3));
    }

    [Fact]
    public void A_power_cycle_leaves_the_addresses_where_they_were()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Default with { AllowPowerStates = new(true, SettingOrigin.BuiltIn) });
        uint bar = guest.Raw(0x1C, 4);
        guest.Write(Pm + 4, 2, 3);
        guest.Write(Pm + 4, 2, 0);
        Assert.Equal(bar, guest.Raw(0x1C, 4));
        Assert.Equal(0x10FB8086u, guest.Read(0));
    }

    // Own bits of PMCSR: PME_Status (cleared by one) and Data_Select; PME_En never.
    [Fact]
    public void Data_select_passes_and_pme_enable_does_not()
    {
        var guest = new FilteredGuest(Card());
        Assert.Equal(AccessStatus.Success, guest.Write(Pm + 4, 2, 0x1F00));
        Assert.Equal(0x1E00u, guest.Raw(Pm + 4, 2) & 0x1F00);
        Assert.Equal(AccessStatus.Success, guest.Write(Pm + 4, 4, 0xFFFF0000));
    }

    // S8: VPD reads work, writes are refused in every profile.
    [Theory]
    [InlineData(PolicyProfile.Default)]
    [InlineData(PolicyProfile.Permissive)]
    [InlineData(PolicyProfile.Strict)]
    public void Vpd_can_be_read_and_not_written(PolicyProfile profile)
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.For(profile));
        byte[] vpd = [0x82, 0x04, 0x00, (byte)'T', (byte)'e', (byte)'s', (byte)'t', 0x78];
        guest.Hardware.Vpd = vpd;
        Assert.Equal(AccessStatus.Success, guest.Write(Vpd + 2, 2, 0x0004));
        Assert.Equal(0x8004u, guest.Read(Vpd + 2, 2));
        Assert.Equal(0x78747365u, guest.Read(Vpd + 4));
        guest.Write(Vpd + 4, 4, 0x11111111);
        Assert.Equal(AccessStatus.AccessDenied, guest.Write(Vpd + 2, 2, 0x8004));
        Assert.Equal(0x8000u, guest.LastDenied & 0x8000);
        Assert.Equal(AccessStatus.AccessDenied, guest.Write(Vpd, 4, 0x8004_0000));
        Assert.Equal((byte)'e', guest.Hardware.Vpd.Span[4]);
    }

    // S10 and Linux xen-pciback's msi_field_config, msix_field_config: hardware MSI control and MSI-X control before, INTx disabled,
    // which control is written with what, by whom, the answer.
    public static TheoryData<uint, uint, bool, uint, bool, AccessStatus> ControlRows => new()
    {
        { 0x0180, 0x003F, false, 0x0180, false, AccessStatus.Success },
        { 0x0180, 0x003F, false, 0x0181, false, AccessStatus.AccessDenied },
        { 0x0180, 0x003F, false, 0x0181, true, AccessStatus.Success },
        { 0x0180, 0x003F, false, 0x01F1, true, AccessStatus.AccessDenied },
        { 0x0181, 0x003F, false, 0x0180, true, AccessStatus.Success },
        { 0x0180, 0x803F, false, 0x0181, true, AccessStatus.AccessDenied },
        { 0x0180, 0x003F, true, 0x803F, false, AccessStatus.AccessDenied },
        { 0x0180, 0x003F, true, 0x803F, true, AccessStatus.Success },
        { 0x0180, 0x003F, true, 0xC03F, true, AccessStatus.Success },
        { 0x0180, 0x003F, true, 0x0000, true, AccessStatus.AccessDenied },
        { 0x0181, 0x003F, true, 0x803F, true, AccessStatus.AccessDenied },
        { 0x0181, 0x003F, true, 0x403F, true, AccessStatus.Success },
        { 0x0180, 0x803F, true, 0xC03F, true, AccessStatus.Success },
    };

    [Theory]
    [MemberData(nameof(ControlRows))]
    public void Message_control_follows_its_rule_table(uint msi, uint msix, bool writesMsix, uint value, bool interruptControl, AccessStatus status)
    {
        EmulatedFunction card = CardBuilder().Set(Msi + 2, 2, msi).Set(Msix + 2, 2, msix).Build();
        var guest = new FilteredGuest(card, interruptControl ? WithInterruptControl : AccessPolicy.Default);
        int at = (writesMsix ? Msix : Msi) + 2;
        uint before = guest.Raw(at, 2);
        Assert.Equal(status, guest.Write(at, 2, value));
        Assert.Equal(status == AccessStatus.Success ? value : before, guest.Raw(at, 2));
    }

    // XSA-128, XSA-129; in every profile, with every option.
    [Theory]
    [InlineData(PolicyProfile.Default)]
    [InlineData(PolicyProfile.Permissive)]
    [InlineData(PolicyProfile.Strict)]
    [InlineData(PolicyProfile.QemuXen)]
    public void Message_address_data_and_mask_are_out_of_reach(PolicyProfile profile)
    {
        AccessPolicy policy = AccessPolicy.For(profile) with
        {
            AllowInterruptControl = new(true, SettingOrigin.BuiltIn),
            Rules = [new PolicyRule { Register = "CAP_MSI", Offset = 4 }, new PolicyRule { Register = "MSI Mask Bits" }],
            Quirks = [new QuirkField(Msi + 4, 4, uint.MaxValue, SettingOrigin.BuiltIn)],
        };
        var guest = new FilteredGuest(Card(), policy);
        byte[] before = guest.Hardware.Snapshot()[(Msi + 4)..(Msi + 0x18)];
        for (int size = 1; size <= 4; size *= 2)
        {
            for (int offset = Msi + 4; offset < Msi + 0x18; offset += size)
            {
                guest.Write(offset, size, 0x5A5A5A5A);
            }
        }

        Assert.Equal(before, guest.Hardware.Snapshot()[(Msi + 4)..(Msi + 0x18)]);
        Assert.Empty(guest.Writes());
    }

    [Theory]
    [InlineData(SrIov + 8)]
    [InlineData(SrIov + 0x10)]
    [InlineData(Acs + 4)]
    public void Extended_capabilities_of_the_host_are_out_of_reach_even_permissive(int offset)
    {
        AccessPolicy policy = AccessPolicy.Permissive with { Rules = [new PolicyRule { Offset = offset }] };
        var guest = new FilteredGuest(Card(), policy);
        Assert.Equal(AccessStatus.Success, guest.Write(offset, 4, 0xFFFFFFFF));
        Assert.Empty(guest.Writes());
        Assert.NotEmpty(guest.Compiled.Problems);
    }

    // vfio-pci and openvmm: the bit is trapped by its byte, only where the function has the reset.
    [Theory]
    [InlineData(Express + 8, 2, 0xA810u, 1)]
    [InlineData(Express + 9, 1, 0x80u, 1)]
    [InlineData(Express + 8, 4, 0x0000A810u, 1)]
    [InlineData(Express + 8, 1, 0x80u, 0)]
    [InlineData(Af + 4, 1, 0x01u, 1)]
    [InlineData(Af + 5, 1, 0x01u, 0)]
    public void A_function_level_reset_is_done_by_the_host_where_it_is_allowed(int offset, int size, uint value, int resets)
    {
        AccessPolicy policy = AccessPolicy.Default with { AllowFunctionReset = new(true, SettingOrigin.BuiltIn) };
        var guest = new FilteredGuest(Card(), policy);
        uint bar = guest.Raw(0x1C, 4);
        Assert.Equal(AccessStatus.Success, guest.Write(offset, size, value));
        Assert.Equal(resets == 1, guest.LastMayBlock);
        Assert.Equal(resets, guest.Hardware.Resets);
        Assert.Equal(bar, guest.Raw(0x1C, 4));

        var other = new FilteredGuest(Card());
        Assert.Equal(AccessStatus.Success, other.Write(offset, size, value));
        Assert.Equal(0, other.Hardware.Resets);
        if (resets == 1)
        {
            Assert.NotEqual(0u, other.LastDenied);
        }
    }

    [Fact]
    public void Volatile_registers_go_to_hardware_and_static_ones_do_not()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Default with { HideUnusable = new(false, SettingOrigin.BuiltIn) });
        int[] fromHardware = [0x04, 0x0C, Pm + 4, Msi, Express + 8, Express + 0x10, Express + 0x18, Msix, Vpd, Vpd + 4, Aer + 4, Aer + 0x10];
        int[] fromShadow = [0x00, 0x08, 0x10, 0x2C, 0x34, 0x3C, Pm, Express, Express + 4, Msix + 4, Msix + 8, Aer, Acs, Ltr];
        foreach (int offset in fromHardware)
        {
            guest.Read(offset);
            Assert.True(guest.Accesses().Count == 1, $"0x{offset:x} did not read hardware");
        }

        foreach (int offset in fromShadow)
        {
            Assert.Equal(offset == Pm ? guest.Raw(offset, 4) & ~0xF8000000u : guest.Raw(offset, 4), guest.Read(offset));
            Assert.True(guest.Accesses().Count == 0, $"0x{offset:x} read hardware");
        }
    }

    // Undocumented registers may do anything when touched (XSA-124).
    [Fact]
    public void Compiling_reads_known_registers_once_and_no_others()
    {
        EmulatedFunction card = Card();
        card.RecordAccesses(true);
        CompiledFunction compiled = ConfigSpaceMapCompiler.Compile(card, AccessPolicy.Default);
        IReadOnlyList<RecordedAccess> accesses = card.RecordedAccesses();
        Assert.All(accesses, access => Assert.False(access.IsWrite));
        Assert.Equal(accesses.Count, accesses.Select(access => access.Offset).Distinct().Count());
        Assert.DoesNotContain(accesses, access => access.Offset is (>= Vendor + 4 and < Vendor + 0x10) or (>= 0x48 and < Msi) or >= Ltr + 8);
        foreach (int header in new[] { Pm, Msi, Express, Msix, Vpd, Vendor, Af })
        {
            Assert.Equal(0xFFFFu, compiled.Map[header / 4].Shadow & 0xFFFF);
        }
    }
}
