using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>What no guest can use, when nobody says anything about it.</summary>
/// <remarks>
/// Origin: Linux drivers/pci/iov.c (pci_iov_init), setup-res.c (resizing), probe.c (next_ari_fn, pci_scan_slot, pci_configure_mps,
/// pci_configure_extended_tags), pci.c (pcie_set_readrq); drivers/vfio/pci/vfio_pci_config.c (init_pci_cap_exp_perm).
/// </remarks>
public sealed class UnusableTests
{
    private const int DeviceControl = EveryCapability.Express + 8;
    private const uint Tuning = 0x71E0;

    // SR-IOV, MR-IOV, Resizable BAR, Resizable BAR of virtual functions, ARI: the specifications' own numbers.
    private static readonly int[] Unusable = [0x10, 0x11, 0x15, 0x24, 0x0E];

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void A_guest_finds_everything_but_what_it_cannot_use_in_every_capture(string policy)
    {
        var findings = new Findings();
        int left = 0;
        foreach ((string? name, byte[]? bytes, Pci.IPciFunction? function) in CapturedImages.Usable())
        {
            var image = new OracleImage(bytes);
            if (image.IsExtendedListBroken || image.HasExtendedDefect || image.Extended.Count == 0)
            {
                continue;
            }

            findings.Checked();
            using var guest = new OneGuest(new PlainMemoryFunction(bytes, function.BaseAddresses, default), AccessPolicyOf(policy));
            int[] expected = [.. image.Extended.Select(static capability => capability.Id).Where(static id => !Unusable.Contains(id))];
            left += image.Extended.Count - expected.Length;
            int[] found = HiddenCapabilityTests.WalkExtended(guest);
            if (!found.SequenceEqual(expected))
            {
                findings.Add($"{name}: {string.Join(' ', found)} and not {string.Join(' ', expected)}");
            }
        }

        findings.AssertNone();
        Assert.True(left > 0);
    }

    // pci_iov_init writes ones to six base addresses and prints each that answers.
    [Fact]
    public void Nothing_answers_where_the_virtual_functions_base_addresses_are()
    {
        using var guest = new OneGuest(EveryCapability.Function(), AccessPolicy.Default);

        for (int offset = EveryCapability.SrIov; offset < EveryCapability.SrIov + 0x40; offset += 4)
        {
            Assert.Equal(PciOpStatus.Success, guest.Write(offset, 4, 0xFFFFFFFF));
            Assert.Equal((PciOpStatus.Success, 0u), guest.Read(offset, 4));
        }
    }

    [Fact]
    public void A_policy_shows_it_all_the_same_and_opens_none_of_it()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Permissive with { HideUnusable = new(false, SettingOrigin.BuiltIn) });

        Assert.Contains(0x10, HiddenCapabilityTests.WalkExtended(guest));
        int writes = hardware.Writes;
        Assert.Equal(PciOpStatus.Success, guest.Write(EveryCapability.SrIov + 8, 2, 0x0009));
        Assert.Equal(writes, hardware.Writes);
    }

    [Theory]
    [InlineData("default", 0x80, true, 0x00)]
    [InlineData("default", 0x80, false, 0x80)]
    [InlineData("default", 0x00, true, 0x00)]
    [InlineData("strict", 0x80, true, 0x00)]
    [InlineData("permissive", 0x80, true, 0x00)]
    public void A_function_that_is_alone_says_that_it_is(string policy, byte type, bool isLone, uint seen)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.Poke(0x0E, 1, type);
        using var guest = new OneGuest(hardware, ConfigSpaceMapCompiler.Compile(hardware, AccessPolicyOf(policy), isLone: isLone));

        Assert.Equal((PciOpStatus.Success, seen), guest.Read(0x0E, 1));
    }

    [Theory]
    [InlineData("default", 0x7000u)]
    [InlineData("default", 0x00E0u)]
    [InlineData("default", 0x0100u)]
    [InlineData("strict", 0x71E0u)]
    public void A_guest_that_tunes_the_link_reads_back_what_it_wrote_and_the_link_stays_the_hosts(string policy, uint bits)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicyOf(policy));
        uint before = guest.Read(DeviceControl, 2).Value;
        byte[] bytes = hardware.Bytes.ToArray();

        Assert.Equal(PciOpStatus.Success, guest.Write(DeviceControl, 2, before ^ bits));

        Assert.Equal(before ^ bits, guest.Read(DeviceControl, 2).Value);
        Assert.Equal(bytes, hardware.Bytes.ToArray());
        Assert.Equal(0, guest.Counters.Read().DeniedWrites);
    }

    [Fact]
    public void A_rule_opens_tuning_bit_by_bit_and_the_others_stay_the_guests_own()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Default with
        {
            Rules = [new() { Register = "PCIe Device Control", Mask = 0x7000 }],
        });
        uint before = hardware.Bytes[DeviceControl] | ((uint)hardware.Bytes[DeviceControl + 1] << 8);

        guest.Write(DeviceControl, 2, before ^ Tuning);

        Assert.Equal(before ^ 0x7000, hardware.Bytes[DeviceControl] | ((uint)hardware.Bytes[DeviceControl + 1] << 8));
        Assert.Equal(before ^ Tuning, guest.Read(DeviceControl, 2).Value);
    }

    [Fact]
    public void A_rule_that_denies_tuning_leaves_the_hosts_values_to_be_read()
    {
        using var guest = new OneGuest(EveryCapability.Function(), AccessPolicy.Default with
        {
            Rules = [new() { Register = "PCIe Device Control", Mask = 0x7000, Allow = false }],
        });
        uint before = guest.Read(DeviceControl, 2).Value;

        guest.Write(DeviceControl, 2, before ^ 0x7100);

        Assert.Equal(before ^ 0x0100, guest.Read(DeviceControl, 2).Value);
    }

    [Theory]
    [InlineData(false, SettingSource.BuiltIn)]
    [InlineData(true, SettingSource.BuiltIn)]
    [InlineData(true, SettingSource.PolicyFile)]
    public void Permissive_lets_tuning_through_unless_somebody_says_otherwise(bool answers, SettingSource source)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Permissive with { AnswerTuning = new(answers, new(source, "x")) });
        byte before = hardware.Bytes[DeviceControl];

        guest.Write(DeviceControl, 1, before ^ 0xE0u);

        Assert.Equal(source == SettingSource.PolicyFile ? before : before ^ 0xE0, hardware.Bytes[DeviceControl]);
    }

    private static AccessPolicy AccessPolicyOf(string name) => Policies.Named(name) with
    {
        HideUnusable = AccessPolicy.Default.HideUnusable,
        AnswerTuning = AccessPolicy.Default.AnswerTuning,
    };
}
