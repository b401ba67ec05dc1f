using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests;

public sealed class PolicyTests
{
    private static AccessPolicy With(params PolicyRule[] rules) => AccessPolicy.Default with { Rules = rules };

    // P5: dropped with success; strict says so; permissive lets it through.
    [Theory]
    [InlineData(PolicyProfile.Default, AccessStatus.Success, false)]
    [InlineData(PolicyProfile.Strict, AccessStatus.AccessDenied, false)]
    [InlineData(PolicyProfile.Permissive, AccessStatus.Success, true)]
    public void An_unknown_write_is_answered_by_the_profile(PolicyProfile profile, AccessStatus status, bool passes)
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.For(profile));
        Assert.Equal(status, guest.Write(Vendor + 8, 4, 0x12345678));
        Assert.Equal(passes ? 0x12345678u : 0u, guest.Raw(Vendor + 8, 4));
        Assert.Equal(passes ? 0u : 0x12345678u, guest.LastDenied);
    }

    [Fact]
    public void Strict_refuses_a_write_that_would_change_nothing_but_names_no_bit_to_open()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Strict);
        Assert.Equal(AccessStatus.AccessDenied, guest.Write(Vendor + 8, 4, 0));
        Assert.Equal(0u, guest.LastDenied);
        // Command has its rule, Status beside it has none.
        Assert.Equal(AccessStatus.Success, guest.Write(0x04, 2, guest.Read(0x04, 2)));
        Assert.Equal(AccessStatus.AccessDenied, guest.Write(0x04, 4, guest.Read(0x04, 2)));
    }

    [Fact]
    public void Under_qemu_xen_interrupt_disable_stays_with_the_guest_even_with_interrupt_control()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.QemuXen with { AllowInterruptControl = new(true, SettingOrigin.BuiltIn) });
        Assert.Equal(AccessStatus.Success, guest.Write(0x04, 2, 0x0406));
        Assert.Equal(0x0400u, guest.Read(0x04, 2) & 0x0400);
        Assert.Equal(0u, guest.Raw(0x04, 2) & 0x0400);
        Assert.Equal(0x05u, guest.Read(0x3C, 1));
        guest.Write(0x3C, 1, 0x77);
        Assert.Equal(0x77u, guest.Read(0x3C, 1));
        Assert.Equal(0x05u, guest.Raw(0x3C, 1));
    }

    [Fact]
    public void Strict_lets_the_register_pass_in_which_a_rule_opens_a_bit()
    {
        PolicyRule rule = new() { Register = "PCIe Device Control", Mask = 0x7000 };
        var guest = new FilteredGuest(Card(), AccessPolicy.Strict with { Rules = [rule] });
        uint before = guest.Read(Express + 8, 2);
        Assert.Equal(AccessStatus.Success, guest.Write(Express + 8, 2, before ^ 0x7000));
        Assert.Equal(before ^ 0x7000, guest.Raw(Express + 8, 2));
        Assert.Equal(AccessStatus.AccessDenied, guest.Write(Express + 8, 2, before ^ 0x7001));
        Assert.Equal(AccessStatus.AccessDenied, guest.Write(Express + 0x28, 2, guest.Read(Express + 0x28, 2)));
    }

    [Fact]
    public void Strict_says_nothing_when_the_register_has_its_own_rule()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Strict);
        Assert.Equal(AccessStatus.Success, guest.Write(0x0C, 2, 0x4010));
        Assert.Equal(AccessStatus.Success, guest.Write(0x3C, 1, 0x0B));
    }

    [Fact]
    public void A_suggested_rule_allows_exactly_what_was_denied()
    {
        var guest = new FilteredGuest(Card());
        uint before = guest.Read(Express + 8, 2);
        Assert.Equal(AccessStatus.Success, guest.Write(Express + 8, 2, before ^ 0x0004));
        Assert.Equal(0x0004u, guest.LastDenied);
        RegisterRow row = Assert.Single(guest.Assigned.Map.RowsAt(Express + 8, 2));
        Assert.Equal("PCIe Device Control", row.Name);
        Assert.Contains("denied by default policy", row.Text, StringComparison.Ordinal);
        PolicyRule rule = Assert.Single(PolicySuggestion.For(guest.Assigned.Map, Express + 8, 2, guest.LastDenied));
        Assert.Equal(0x0004u, rule.Mask);

        var allowed = new FilteredGuest(Card(), With(rule));
        allowed.Write(Express + 8, 4, 0xFFFFFFFF);
        Assert.Equal(before | 0x0004, allowed.Raw(Express + 8, 2));
        for (int offset = 0; offset < 4096; offset += 4)
        {
            if (offset != (Express + 8))
            {
                Assert.Equal(guest.Assigned.Map[offset / 4], allowed.Assigned.Map[offset / 4]);
            }
        }

        ConfigDword opened = allowed.Assigned.Map[(Express + 8) / 4];
        Assert.Equal(0x0004u, opened.Writable & ~opened.Virtual);
    }

    [Fact]
    public void A_suggestion_names_every_register_that_a_policy_can_open_and_no_other()
    {
        var guest = new FilteredGuest(Card());
        Assert.Empty(PolicySuggestion.For(guest.Assigned.Map, 0x00, 4, 0xFFFFFFFF));
        Assert.Empty(PolicySuggestion.For(guest.Assigned.Map, SrIov + 8, 4, 0xFFFFFFFF));
        Assert.Equal(["PCIe Device Control", "PCIe Device Status"],
            PolicySuggestion.For(guest.Assigned.Map, Express + 8, 4, 0xFFFFFFFF).Select(rule => rule.Register));
        PolicyRule plain = Assert.Single(PolicySuggestion.For(guest.Assigned.Map, 0x800, 2, 0x00F0));
        Assert.Equal((null, 0x800, 2, 0x00F0u), (plain.Register, plain.Offset, plain.Size, plain.Mask));
    }

    // Fed back, every suggestion opens what was denied, wherever the write was and whatever lies there.
    [Fact]
    public void Every_suggestion_fed_back_opens_its_bits_and_no_others()
    {
        CompiledFunction denied = ConfigSpaceMapCompiler.Compile(Card(), AccessPolicy.Default, readAll: true);
        for (int offset = 0; offset < 0x1C0; offset += 4)
        {
            IReadOnlyList<PolicyRule> rules = PolicySuggestion.For(denied.Map, offset, 4, 0x5A5A5A5A);
            if (rules.Count == 0)
            {
                continue;
            }

            CompiledFunction opened = ConfigSpaceMapCompiler.Compile(Card(), AccessPolicy.Default with { Rules = rules }, readAll: true);
            Assert.Empty(opened.Problems);
            for (int dword = 0; dword < 1024; dword++)
            {
                uint expected = dword == offset / 4 ? 0x5A5A5A5A & denied.Map[dword].ByPolicy & ~denied.Map[dword].Denied : 0;
                Assert.Equal(expected, opened.Map[dword].Writable & ~denied.Map[dword].Writable);
            }
        }
    }

    [Theory]
    [InlineData("pcie device control", 0)]
    [InlineData("CAP_EXP", 8)]
    [InlineData("cap_10", 8)]
    [InlineData(null, Express + 8)]
    public void A_rule_finds_its_register_by_name_capability_or_offset(string? register, int offset)
    {
        var guest = new FilteredGuest(Card(), With(new PolicyRule { Register = register, Offset = offset, Size = 2, Mask = 0x7000 }));
        Assert.Empty(guest.Compiled.Problems);
        guest.Write(Express + 8, 2, 0x5000);
        Assert.Equal(0x5810u, guest.Raw(Express + 8, 2));
    }

    [Fact]
    public void A_rule_for_a_register_that_is_not_there_or_has_its_own_rule_is_reported()
    {
        var guest = new FilteredGuest(Card(), With(
            new PolicyRule { Register = "No Such Register" },
            new PolicyRule { Register = "Command" },
            new PolicyRule { Offset = 4094, Size = 4 }));
        Assert.Equal(3, guest.Compiled.Problems.Count);
    }

    [Fact]
    public void A_deny_rule_shuts_what_the_profile_opens_and_the_last_rule_wins()
    {
        var shut = new PolicyRule { Register = "Cache Line Size", Allow = false };
        var guest = new FilteredGuest(Card(), AccessPolicy.Permissive with
        {
            Rules = [shut, new PolicyRule { Offset = 0x800, Allow = false }, new PolicyRule { Offset = 0x800, Mask = 0xFF }],
        });
        guest.Write(0x0C, 1, 0x20);
        guest.Write(0x800, 4, 0xFFFFFFFF);
        Assert.Equal(0x10u, guest.Raw(0x0C, 1));
        Assert.Equal(0x000000FFu, guest.Raw(0x800, 4));
    }

    // Grammar and effect of xen-pciback's quirks attribute; there the mask is stored and never applied.
    [Fact]
    public void A_quirk_is_read_and_written_through_its_mask_even_when_unaligned()
    {
        AccessPolicy policy = AccessPolicy.Default with { Quirks = [new QuirkField(0x802, 4, 0x00FF_FF0F, new(SettingSource.DriverParameter, "quirks"))] };
        var guest = new FilteredGuest(Card(), policy);
        guest.Write(0x800, 4, 0xFFFFFFFF);
        guest.Write(0x804, 4, 0xFFFFFFFF);
        Assert.Equal(0xFF0F0000u, guest.Raw(0x800, 4));
        Assert.Equal(0x000000FFu, guest.Raw(0x804, 4));
        Assert.Contains("quirk 00000802:4:00ffff0f", guest.Assigned.Map.RowsAt(0x802, 1)[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_opens_part_of_a_register_with_error_bits_never_writes_the_others_ones_back()
    {
        var guest = new FilteredGuest(Card(), With(new PolicyRule { Register = "PCIe Link Status", Mask = 0x4000 }));
        guest.Hardware.SetHardware(Express + 0x12, 2, 0xD082);
        guest.Write(Express + 0x10, 4, 0xFFFFFFFF);
        Assert.Equal(0x9082u, guest.Raw(Express + 0x12, 2));
    }

    [Fact]
    public void A_hidden_capability_leaves_the_chain()
    {
        AccessPolicy policy = AccessPolicy.Default with { HiddenCapabilities = ["CAP_PM", "CAP_VPD", "CAP_VNDR", "ECAP_AER", "ECAP_SRIOV"] };
        var guest = new FilteredGuest(Card(), policy);
        Assert.Equal((uint)Msi, guest.Read(0x34, 1));
        Assert.Equal((uint)Af, guest.Read(Msix + 1, 1));
        Assert.Equal(0u, guest.Read(Vpd));
        Assert.Equal(0u, guest.Read(Vendor + 4));
        Assert.Equal((uint)Acs << 20, guest.Read(Aer));
        Assert.Equal((uint)Ltr, guest.Read(Acs) >> 20);
        Assert.Equal(0u, guest.Read(SrIov));
        guest.Write(Vpd + 2, 2, 4);
        guest.Write(Pm + 4, 2, 3);
        Assert.Empty(guest.Accesses());
    }

    [Fact]
    public void Hiding_everything_takes_the_list_itself_away()
    {
        AccessPolicy policy = AccessPolicy.Default with { HiddenCapabilities = ["CAP_PM", "CAP_MSI", "CAP_EXP", "CAP_MSIX", "CAP_VPD", "CAP_VNDR", "CAP_AF"] };
        var guest = new FilteredGuest(Card(), policy);
        Assert.Equal(0u, guest.Read(0x34, 1));
        Assert.Equal(0u, guest.Read(0x06, 2) & 0x0010);
    }

    // QEMU hw/xen/xen_pt_config_init.c: emulated start values, and what stays the guest's own.
    [Fact]
    public void The_qemu_profile_has_qemus_masks()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.QemuXen);
        Assert.Equal(0u, guest.Read(0x04, 2) & 0x0743);
        Assert.Equal(0u, guest.Read(0x0C, 2));
        guest.Write(0x0C, 2, 0x4008);
        Assert.Equal(0x4008u, guest.Read(0x0C, 2));
        Assert.Equal(0x10u, guest.Raw(0x0C, 1));
        Assert.Equal(0x0023u, guest.Read(Pm + 2, 2));
        Assert.Equal(0x0008u, guest.Read(Pm + 4, 2) & 0x000B);
        Assert.Equal(AccessStatus.Success, guest.Write(Pm + 4, 2, 3));
        Assert.Equal(0x000Bu, guest.Read(Pm + 4, 2) & 0x000B);
        Assert.Equal(0, guest.Hardware.PowerState);
        Assert.Equal(0x2810u, guest.Read(Express + 8, 2));
        guest.Write(Express + 8, 2, 0x00FF);
        Assert.Equal(0x00FFu, guest.Read(Express + 8, 2));
        Assert.Equal(0x2810u, guest.Raw(Express + 8, 2));
        Assert.Equal(0u, guest.Read(Aer));
        Assert.Equal(0u, guest.Read(Af));
        Assert.Equal(0u, guest.Read(Vendor + 1, 1));
    }

    [Fact]
    public void Equal_functions_under_equal_policies_share_one_map()
    {
        var cache = new ConfigSpaceMapCache();
        ConfigSpaceMap first = cache.Share(ConfigSpaceMapCompiler.Compile(Card(), AccessPolicy.Default).Map);
        ConfigSpaceMap moved = cache.Share(ConfigSpaceMapCompiler.Compile(
            CardBuilder().BaseAddress(3, 0xFA00_0000, 0x8000).Build(new PciAddress(0, 5, 0, 0)), AccessPolicy.Default).Map);
        ConfigSpaceMap other = cache.Share(ConfigSpaceMapCompiler.Compile(Card(), AccessPolicy.Permissive).Map);
        Assert.Same(first, moved);
        Assert.NotSame(first, other);
    }

    [Fact]
    public void Every_setting_keeps_its_origin()
    {
        var origin = new SettingOrigin(SettingSource.ToolstackOptions, "opts-0");
        var policy = AccessPolicy.For(PolicyProfile.Permissive, origin);
        var guest = new FilteredGuest(Card(), policy);
        Assert.Contains("writes pass by permissive policy (toolstack options opts-0)", guest.Assigned.Map.RowsAt(0x06, 2)[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Suggestions_of_many_writes_become_one_rule_for_each_register()
    {
        ConfigSpaceMap map = new FilteredGuest(Card()).Assigned.Map;
        IReadOnlyList<PolicyRule> rules = PolicySuggestion.Merge(
        [
            .. PolicySuggestion.For(map, Express + 8, 2, 0x0004),
            .. PolicySuggestion.For(map, Express + 0x10, 2, 0x0040),
            .. PolicySuggestion.For(map, Express + 8, 4, 0x00000800),
        ]);
        Assert.Equal([("PCIe Device Control", 0x0804u), ("PCIe Link Control", 0x0040u)], rules.Select(rule => (rule.Register!, rule.Mask)));
    }
}
