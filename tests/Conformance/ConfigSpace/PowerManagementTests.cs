using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// Power management: states are answered, or change through the host where policy allows that, each time with its rules; PME belongs to the host, the rest of
/// PMCSR is fixed.
/// </summary>
/// <remarks>
/// Origin: Linux drivers/xen/xen-pciback/conf_space_capability.c (pm_caps_read, pm_ctrl_write); QEMU hw/xen/xen_pt_config_init.c for answered states; Linux
/// drivers/pci/pci.c for which transitions are refused; PCI Bus Power Management 1.2 §3.2 and §5.4.
/// </remarks>
public sealed class PowerManagementTests
{
    private const int Capabilities = EveryCapability.Power + 2;
    private const int Control = EveryCapability.Power + 4;

    public static TheoryData<int, int, bool, bool, bool> Transitions
    {
        get
        {
            var rows = new TheoryData<int, int, bool, bool, bool>();
            foreach (bool hasMiddleStates in (bool[])[false, true])
            {
                for (int from = 0; from < 4; from++)
                {
                    for (int to = 0; to < 4; to++)
                    {
                        if (!hasMiddleStates && from is 1 or 2)
                        {
                            continue;
                        }

                        bool isUnsupported = !hasMiddleStates && to is 1 or 2;
                        bool isUpwards = to < from && to != 0;
                        foreach (bool keepsConfiguration in (bool[])[false, true])
                        {
                            rows.Add(from, to, hasMiddleStates, keepsConfiguration, from == to || !(isUnsupported || isUpwards));
                        }
                    }
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Transitions))]
    public void Each_transition_succeeds_or_is_denied_as_the_kernel_rules_and_loses_nothing(
        int from, int to, bool hasMiddleStates, bool keepsConfiguration, bool allowed)
    {
        using EmulatedFunction hardware = Emulated(hasMiddleStates, keepsConfiguration);
        using var guest = new OneGuest(hardware, Real(AccessPolicy.Default));
        byte[] quiet = hardware.Snapshot();
        if (from != 0)
        {
            Assert.Equal(PciOpStatus.Success, guest.Write(Control, 2, (uint)from));
        }

        Assert.Equal(allowed ? PciOpStatus.Success : PciOpStatus.AccessDenied, guest.Write(Control, 2, (uint)to));

        Assert.Equal((uint)(allowed ? to : from), guest.Read(Control, 2).Value & 3);
        Assert.Equal(allowed ? to : from, hardware.PowerState);
        guest.Write(Control, 2, 0);
        Assert.Equal(PciOpStatus.Success, guest.Write(Control, 2, 0));

        // Back in D0 the configuration is there again, and what the guest reads is what hardware holds.
        byte[] back = hardware.Snapshot();
        for (int at = 0x04; at < 0x40; at++)
        {
            Assert.True(back[at] == quiet[at], $"{at:x} is {back[at]:x2}, was {quiet[at]:x2}");
        }

        Assert.Equal(0xFEBC0000u, guest.Read(0x10, 4).Value);
        Assert.Equal(0x12u, guest.Read(0x1C, 4).Value);
    }

    [Theory]
    [MemberData(nameof(Transitions))]
    public void By_default_each_transition_is_answered_by_the_same_rules_and_the_function_stays_as_it_is(
        int from, int to, bool hasMiddleStates, bool keepsConfiguration, bool allowed)
    {
        foreach (string policy in (string[])["default", "permissive", "strict"])
        {
            using EmulatedFunction hardware = Emulated(hasMiddleStates, keepsConfiguration);
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            byte[] quiet = hardware.Snapshot();
            Assert.Equal(0x0008u, guest.Read(Control, 2).Value);
            if (from != 0)
            {
                Assert.Equal(PciOpStatus.Success, guest.Write(Control, 2, (uint)from));
            }

            Assert.Equal(allowed ? PciOpStatus.Success : PciOpStatus.AccessDenied, guest.Write(Control, 2, (uint)to));

            // No_Soft_Reset whatever the function says of itself: nothing that is only answered loses anything.
            Assert.Equal(0x0008u | (uint)(allowed ? to : from), guest.Read(Control, 2).Value);
            Assert.Equal(quiet, hardware.Snapshot());
            Assert.Equal(0xFEBC0000u, guest.Read(0x10, 4).Value);
        }
    }

    // pci_power_up of Linux writes the whole word as 0, and reads back what it has got.
    [Fact]
    public void What_Linux_writes_on_its_way_up_is_no_denied_write()
    {
        using EmulatedFunction hardware = Emulated(false, false);
        using var guest = new OneGuest(hardware, AccessPolicy.Default);
        guest.Write(Control, 2, 0x000B);
        Assert.Equal(PciOpStatus.Success, guest.Write(Control, 2, 0));
        Assert.Equal((0x0008u, 0L), (guest.Read(Control, 2).Value, guest.Counters.Read().DeniedWrites));
    }

    [Fact]
    public void A_function_that_is_taken_over_asleep_is_woken_before_a_guest_reads_that_it_is_awake()
    {
        using EmulatedFunction hardware = Emulated(false, true);
        hardware.SetHardware(Control, 2, 0x000B);
        using var guest = new OneGuest(hardware, AccessPolicy.Default);
        Assert.Equal((0, 0x0008u), (hardware.PowerState, guest.Read(Control, 2).Value));
    }

    [Fact]
    public void After_a_function_level_reset_it_reads_as_awake()
    {
        using EmulatedFunction hardware = Emulated(false, true);
        using var guest = new OneGuest(hardware, AccessPolicy.Default with { AllowFunctionReset = new(true, SettingOrigin.BuiltIn) });
        guest.Write(Control, 2, 3);
        Assert.Equal(PciOpStatus.Success, guest.Write(EveryCapability.Express + 8, 2, 0xA810));
        Assert.Equal((1, 0x0008u), (hardware.Resets, guest.Read(Control, 2).Value));
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void By_default_no_value_of_PMCSR_asks_the_host_for_a_state(string policy)
    {
        const uint passing = 0x9E00;
        var findings = new Findings();
        foreach (uint present in new uint[] { 0x0008, 0x1E08, 0x8408, 0x0000 })
        {
            var hardware = new PlainMemoryFunction(EveryCapability.Bytes(), EveryCapability.BaseAddresses, default);
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            hardware.HostAgrees = false;
            for (uint written = 0; written <= 0xFFFF; written++)
            {
                hardware.Poke(Control, 2, present);
                guest.Write(Control, 2, 0);
                PciOpStatus status = guest.Write(Control, 2, written);
                uint now = (uint)(hardware.Bytes[Control] | (hardware.Bytes[Control + 1] << 8));

                // PME_Status and Data_Select as written last, on plain memory; what is read-only stays.
                uint expected = (present & ~passing) | (written & passing);
                findings.Check(
                    status == PciOpStatus.Success && now == expected && hardware.PowerRequests.Count == 0
                        && (guest.Read(Control, 2).Value & 0x000B) == (0x0008 | (written & 3)),
                    () => $"{policy}: {written:x4} over {present:x4}: {status}, {now:x4}, not {expected:x4}");
            }
        }

        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void Every_value_of_PMCSR_changes_only_status_and_data_select_and_asks_the_host_for_its_state(string policy)
    {
        const uint passing = 0x9E00;
        var findings = new Findings();
        foreach (uint present in new uint[] { 0x0008, 0x1E08, 0x8408, 0x0000 })
        {
            byte[] bytes = EveryCapability.Bytes();
            var hardware = new PlainMemoryFunction(bytes, EveryCapability.BaseAddresses, default);
            using var guest = new OneGuest(hardware, Real(Policies.Named(policy)));
            for (uint written = 0; written <= 0xFFFF; written++)
            {
                hardware.Poke(Control, 2, present);
                hardware.PowerRequests.Clear();
                PciOpStatus status = guest.Write(Control, 2, written);
                uint now = (uint)(hardware.Bytes[Control] | (hardware.Bytes[Control + 1] << 8));
                uint expected = (present & ~passing) | (written & passing);

                // The host is asked always; that it needn't be when the state stays is not observable by a guest.
                bool asked = hardware.PowerRequests.Count == 0
                    ? (present & 3) == (written & 3)
                    : hardware.PowerRequests is [var state] && state == (int)(written & 3);
                if (status == PciOpStatus.Success && asked && now == expected)
                {
                    findings.Checked();
                }
                else
                {
                    string requests = string.Join(',', hardware.PowerRequests);
                    findings.Add($"{policy}: {written:x4} over {present:x4}: {status}, {now:x4}, not {expected:x4}, asked for [{requests}]");
                }
            }
        }

        findings.AssertNone();
    }

    [Fact]
    public void A_host_that_refuses_the_state_makes_the_write_access_denied()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Real(AccessPolicy.Default));
        hardware.HostAgrees = false;

        Assert.Equal(PciOpStatus.AccessDenied, guest.Write(Control, 2, 3));
    }

    [Fact]
    public void Selecting_data_with_PME_status_pending_does_not_clear_it()
    {
        using EmulatedFunction hardware = Emulated(true, true);
        using var guest = new OneGuest(hardware, AccessPolicy.Default);
        hardware.SetHardware(Control, 2, 0x8008);

        Assert.Equal(PciOpStatus.Success, guest.Write(Control, 2, 0x0008));
        Assert.Equal(PciOpStatus.Success, guest.Write(Control + 1, 1, 0x02));

        Assert.Equal(0x8000u, guest.Read(Control, 2).Value & 0x8000);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void PME_is_hidden_and_cannot_be_switched_on(string policy)
    {
        foreach (bool isOn in (bool[])[false, true])
        {
            byte[] bytes = EveryCapability.Bytes();
            bytes[Control + 1] |= isOn ? (byte)0x01 : (byte)0;
            var hardware = new PlainMemoryFunction(bytes, EveryCapability.BaseAddresses, default);
            using var guest = new OneGuest(hardware, Policies.Named(policy));

            Assert.Equal(0x07C3u, guest.Read(Capabilities, 2).Value);
            Assert.Equal(0u, guest.Read(Control, 2).Value & 0x0100);
            guest.Write(Control, 2, 0x0108);
            guest.Write(Control + 1, 1, 0x01);
            guest.Write(Control, 4, 0xFFFF0108);
            Assert.Equal(0u, guest.Read(Control, 2).Value & 0x0100);
            Assert.Equal(0, hardware.Bytes[Control + 1] & 0x01);
        }
    }

    [Fact]
    public void A_dword_over_PMCSR_bridge_extensions_and_data_is_one_transition_and_leaves_the_upper_half()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Real(AccessPolicy.Default));
        using var answered = new OneGuest(EveryCapability.Function(), AccessPolicy.Default);

        Assert.Equal(PciOpStatus.Success, guest.Write(Control, 4, 0xFFFF000B));
        Assert.Equal(PciOpStatus.Success, answered.Write(Control, 4, 0xFFFF000B));

        Assert.Equal([3], hardware.PowerRequests);
        Assert.Equal(0x0000000Bu, answered.Read(Control, 4).Value);
        Assert.Equal([0, 0], hardware.Bytes.Slice(Control + 2, 2).ToArray());
    }

    private static AccessPolicy Real(AccessPolicy policy) => policy with { AllowPowerStates = new(true, SettingOrigin.BuiltIn) };

    private static EmulatedFunction Emulated(bool hasMiddleStates, bool keepsConfiguration)
    {
        byte[] bytes = EveryCapability.Bytes();
        if (!hasMiddleStates)
        {
            bytes[Capabilities + 1] &= 0xF9;
        }

        bytes[Control] = keepsConfiguration ? (byte)0x08 : (byte)0;
        return new EmulatedFunction(default, "every capability", bytes, [0x20000, 0x20, 0x10000, 0, 0, 0, 0x40000]);
    }
}
