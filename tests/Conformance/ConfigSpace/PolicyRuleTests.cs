using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>Rules and quirks open exactly the bits they name, and the strict policy says what it drops.</summary>
/// <remarks>Origin: quirks of Linux xen-pciback (<c>BDF-REG:SIZE:MASK</c>), whose mask was stored there and never applied.</remarks>
public sealed class PolicyRuleTests
{
    private const int DeviceControl = EveryCapability.Express + 8;
    private const int DeviceStatus = EveryCapability.Express + 0x0A;

    public static TheoryData<int, int, uint> Fields => new()
    {
        { 0xE0, 4, 0xFFFFFFFF }, { 0xE0, 4, 0x00F00F01 }, { 0xE1, 1, 0x3C }, { 0xE2, 2, 0x8001 }, { 0xE4, 1, 0x10 }, { 0x404, 4, 0x0000FF00 },
        { 0xFFC, 4, 0x80000000 }, { DeviceControl, 2, 0x7000 }, { EveryCapability.Ltr + 4, 2, 0x1FFF }, { 0xE6, 2, 0x0000 },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_rule_allows_exactly_its_bits_and_nothing_else(int offset, int size, uint mask) =>
        OpensExactly(AccessPolicy.Default with { Rules = [new PolicyRule { Offset = offset, Size = size, Mask = mask }] }, offset, size, mask);

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_quirk_opens_exactly_the_bits_of_its_mask(int offset, int size, uint mask) =>
        OpensExactly(AccessPolicy.Default with { Quirks = [new QuirkField(offset, size, mask, SettingOrigin.BuiltIn)] }, offset, size, mask);

    [Theory]
    [InlineData(0xE1, 2, 0xFFFFu)]
    [InlineData(0xE3, 4, 0xFF0000FFu)]
    public void A_quirk_that_is_not_aligned_opens_exactly_its_bytes(int offset, int size, uint mask) =>
        OpensExactly(AccessPolicy.Default with { Quirks = [new QuirkField(offset, size, mask, SettingOrigin.BuiltIn)] }, offset, size, mask);

    [Theory]
    [InlineData("PCIe Device Control", 0, 0, DeviceControl, 2)]
    [InlineData("pcie device control", 0, 0, DeviceControl, 2)]
    [InlineData("CAP_EXP", 8, 2, DeviceControl, 2)]
    [InlineData("ECAP_LTR", 4, 2, EveryCapability.Ltr + 4, 2)]
    [InlineData("ECAP_AER", 8, 4, EveryCapability.Aer + 8, 4)]
    public void A_rule_can_name_its_register_or_its_capability(string register, int offset, int size, int at, int length) =>
        OpensExactly(
            AccessPolicy.Default with { Rules = [new PolicyRule { Register = register, Offset = offset, Size = size, Mask = 0x00FF }] }, at, length, 0x00FF);

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_deny_rule_takes_exactly_its_bits_back_from_a_permissive_guest(int offset, int size, uint mask)
    {
        PlainMemoryFunction open = EveryCapability.Function();
        PlainMemoryFunction closed = EveryCapability.Function();
        using var first = new OneGuest(open, AccessPolicy.Permissive);
        using var second = new OneGuest(
            closed, AccessPolicy.Permissive with { Rules = [new PolicyRule { Offset = offset, Size = size, Mask = mask, Allow = false }] });
        byte[] before = closed.Bytes.ToArray();

        // The reset bit of Device Control is a matter of its own.
        uint all = offset == DeviceControl ? 0x7FFFu : 0xFFFFFFFF >> (32 - (8 * size));
        uint value = Read(before, offset, size) ^ all;
        first.Write(offset, size, value);
        second.Write(offset, size, value);

        Assert.Equal(value, Read(open.Bytes, offset, size));
        Assert.Equal((Read(before, offset, size) & mask) | (value & ~mask & (0xFFFFFFFF >> (32 - (8 * size)))), Read(closed.Bytes, offset, size));
    }

    [Fact]
    public void A_later_rule_wins_over_an_earlier_one()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Default with
        {
            Rules =
            [
                new PolicyRule { Offset = 0xE0, Size = 4 },
                new PolicyRule { Offset = 0xE0, Size = 4, Mask = 0xF0, Allow = false },
                new PolicyRule { Offset = 0xE0, Size = 1, Mask = 0x10 },
            ],
        });
        byte before = hardware.Bytes[0xE0];

        guest.Write(0xE0, 1, (uint)~before & 0xFF);

        Assert.Equal((before & 0xE0) | (~before & 0x1F), hardware.Bytes[0xE0]);
    }

    [Fact]
    public void Bits_beside_the_rules_are_kept_as_hardware_has_them_now_and_not_as_they_once_were()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Default with { Rules = [new PolicyRule { Offset = 0xE0, Size = 4, Mask = 0x0000000F }] });
        guest.Read(0xE0, 4);
        hardware.Poke(0xE0, 4, 0x12345670);

        guest.Write(0xE0, 4, 0xFFFFFFFF);

        Assert.Equal(0x1234567Fu, Read(hardware.Bytes, 0xE0, 4));
    }

    [Theory]
    [InlineData(2, 0x5936u)]
    [InlineData(4, 0x000F5936u)]
    [InlineData(4, 0xFFFF5936u)]
    public void Opening_Device_Control_clears_no_error_in_Device_Status_beside_it(int size, uint value)
    {
        // Device Status bits 3:0 are cleared by writing ones (PCI Express Base 4.0 §7.5.3.5).
        using var hardware = new EmulatedFunction(default, "every capability", EveryCapability.Bytes());
        hardware.SetHardware(DeviceStatus, 2, 0x000F);
        using var guest = new OneGuest(hardware, AccessPolicy.Default with { Rules = [new PolicyRule { Register = "PCIe Device Control", Mask = 0x7FFF }] });

        Assert.Equal(PciOpStatus.Success, guest.Write(DeviceControl, size, value));

        Assert.Equal(0x0Fu, guest.Read(DeviceStatus, 2).Value & 0x0F);
        Assert.Equal(0x5936u & 0x70EF, guest.Read(DeviceControl, 2).Value & 0x70EF);
    }

    [Fact]
    public void A_rule_over_part_of_a_register_whose_bits_are_cleared_by_ones_clears_only_what_it_allows()
    {
        // Correctable errors of AER are cleared by writing ones (PCI Express Base 4.0 §7.8.4.5).
        const int status = EveryCapability.Aer + 0x10;
        using var hardware = new EmulatedFunction(default, "every capability", EveryCapability.Bytes());
        hardware.SetHardware(status, 4, 0x000011C1);
        using var guest = new OneGuest(hardware, AccessPolicy.Default with { Rules = [new PolicyRule { Offset = status, Size = 4, Mask = 0x00000041 }] });

        guest.Write(status, 4, 0x000000C1);

        Assert.Equal(0x00001180u, guest.Read(status, 4).Value);
    }

    [Fact]
    public void A_quirk_over_a_register_with_a_rule_of_its_own_changes_nothing()
    {
        // In xen-pciback a second field at the same place is silently not added.
        var findings = new Findings();
        byte[] bytes = EveryCapability.Bytes();
        WriteRule[] rules = WriteRules.Of(new OracleImage(bytes));
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Default with
        {
            Quirks = [.. Enumerable.Range(0, 0x400).Select(dword => new QuirkField(4 * dword, 4, 0xFFFFFFFF, SettingOrigin.BuiltIn))],
        });
        for (int offset = 0; offset < 4096; offset++)
        {
            if (rules[offset] is not (WriteRule.Ignored or WriteRule.HardDenied))
            {
                continue;
            }

            guest.Write(offset, 1, (uint)~bytes[offset] & 0xFF);
            findings.Check(
                hardware.Bytes[offset] == bytes[offset],
                () => $"{offset:x} became {hardware.Bytes[offset]:x2} from {bytes[offset]:x2} ({rules[offset]})");
        }

        findings.AssertNone();
    }

    [Fact]
    public void Strict_denies_even_a_write_that_would_change_nothing()
    {
        // "Every unknown write is denied and said."
        using var guest = new OneGuest(EveryCapability.Function(), AccessPolicy.Strict);
        foreach (int at in new[] { EveryCapability.DeviceSpecific, EveryCapability.ExtendedDeviceSpecific, 0x800 })
        {
            Assert.Equal(PciOpStatus.AccessDenied, guest.Write(at, 4, guest.Read(at, 4).Value));
        }
    }

    [Fact]
    public void Strict_says_also_what_no_policy_opens()
    {
        using var guest = new OneGuest(EveryCapability.Function(), AccessPolicy.Strict);
        foreach (int at in new[] { EveryCapability.Msi + 4, EveryCapability.Msi + 8 })
        {
            uint present = guest.Read(at, 4).Value;
            Assert.Equal(PciOpStatus.AccessDenied, guest.Write(at, 4, ~present));
            Assert.Equal(PciOpStatus.Success, guest.Write(at, 4, present));
            Assert.Equal(present, guest.Read(at, 4).Value);
        }
    }

    /// <summary>Hostile input becomes a wire status and a counter: the counter must not miss what the status says.</summary>
    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void Whatever_is_answered_access_denied_is_counted_as_denied(string policy)
    {
        var findings = new Findings();
        int answered = 0;
        using var guest = new OneGuest(EveryCapability.Function(), Policies.Named(policy));
        for (int size = 1; size <= 4; size *= 2)
        {
            for (int at = 0; at < 4096; at += size)
            {
                foreach (uint value in new[] { guest.Read(at, size).Value, ~guest.Read(at, size).Value, 0u, 0x8001u })
                {
                    long before = guest.Counters.Read().DeniedWrites;
                    if (guest.Write(at, size, value) != PciOpStatus.AccessDenied)
                    {
                        continue;
                    }

                    answered++;
                    findings.Check(guest.Counters.Read().DeniedWrites == before + 1, () => $"{at:x}/{size} = {value:x}");
                }
            }
        }

        if (policy is "default" or "strict")
        {
            Assert.True(answered > 0);
        }

        if (answered > 0)
        {
            findings.AssertNone();
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void A_self_test_value_that_is_dropped_is_counted_and_one_that_reaches_hardware_is_not(string policy)
    {
        using var guest = new OneGuest(EveryCapability.Function(), Policies.Named(policy));
        uint present = guest.Read(0x0F, 1).Value;
        Assert.Equal(PciOpStatus.Success, guest.Write(0x0F, 1, present ^ 0x0F));
        Assert.Equal(1, guest.Counters.Read().DeniedWrites);
        Assert.Equal(PciOpStatus.Success, guest.Write(0x0F, 1, present));
        Assert.Equal(PciOpStatus.Success, guest.Write(0x0F, 1, 0x40));
        Assert.Equal(1, guest.Counters.Read().DeniedWrites);
    }

    [Fact]
    public void Strict_lets_every_read_pass_as_default_does()
    {
        using var lenient = new OneGuest(EveryCapability.Function(), AccessPolicy.Default);
        using var strict = new OneGuest(EveryCapability.Function(), AccessPolicy.Strict);
        for (int at = 0; at < 4096; at += 4)
        {
            Assert.Equal(lenient.Read(at, 4), strict.Read(at, 4));
        }
    }

    [Fact]
    public void Strict_denies_a_write_to_an_unknown_register_whose_reads_go_on()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Strict);
        foreach (int at in new[] { EveryCapability.DeviceSpecific, EveryCapability.ExtendedDeviceSpecific, 0x800 })
        {
            uint present = guest.Read(at, 4).Value;
            Assert.Equal(PciOpStatus.AccessDenied, guest.Write(at, 4, ~present));
            Assert.Equal(present, guest.Read(at, 4).Value);
        }
    }

    [Fact]
    public void What_is_suggested_for_a_denied_write_opens_exactly_what_was_denied()
    {
        byte[] bytes = EveryCapability.Bytes();
        WriteRule[] rules = WriteRules.Of(new OracleImage(bytes));
        var random = new Random(4);
        int suggestions = 0;
        for (int at = 0x40; at < 4096; at += at < 0x300 ? 4 : 0x7C)
        {
            if (rules.AsSpan(at, 4).ContainsAnyExcept(WriteRule.Unknown))
            {
                continue;
            }

            int size = 1 << random.Next(3);
            int offset = at + (random.Next(4) & -size);
            uint mask = (uint)random.NextInt64() & (0xFFFFFFFF >> (32 - (8 * size)));
            ConfigSpaceMap map = ConfigSpaceMapCompiler.Compile(EveryCapability.Function(), AccessPolicy.Default).Map;

            IReadOnlyList<PolicyRule> suggested = PolicySuggestion.For(map, offset, size, mask);

            Assert.NotEmpty(suggested);
            suggestions++;
            OpensExactly(AccessPolicy.Default with { Rules = suggested }, offset, size, mask);
        }

        Assert.True(suggestions > 50, $"only {suggestions}");
    }

    private static void OpensExactly(AccessPolicy policy, int offset, int size, uint mask)
    {
        WriteRule[] rules = WriteRules.Of(new OracleImage(EveryCapability.Bytes()));
        foreach (int width in new[] { 1, 2, 4 })
        {
            PlainMemoryFunction hardware = EveryCapability.Function();
            using var guest = new OneGuest(hardware, policy);
            byte[] before = hardware.Bytes.ToArray();
            for (int at = 0x40; at < 4096; at += width)
            {
                // Registers with conditions of their own have tests of their own.
                if (rules.AsSpan(at, width).Contains(WriteRule.Own))
                {
                    continue;
                }

                uint inverted = 0;
                for (int lane = 0; lane < width; lane++)
                {
                    inverted |= (uint)(byte)~before[at + lane] << (8 * lane);
                }

                guest.Write(at, width, inverted);
            }

            for (int at = 0; at < 4096; at++)
            {
                byte allowed = at >= offset && at < offset + size ? (byte)(mask >> (8 * (at - offset))) : (byte)0;
                byte changed = (byte)(before[at] ^ hardware.Bytes[at]);
                Assert.True(changed == allowed, $"in steps of {width}: byte {at:x} changed in {changed:x2}, allowed is {allowed:x2}");
            }
        }
    }

    private static uint Read(ReadOnlySpan<byte> bytes, int offset, int size)
    {
        uint value = 0;
        for (int lane = 0; lane < size; lane++)
        {
            value |= (uint)bytes[offset + lane] << (8 * lane);
        }

        return value;
    }
}
