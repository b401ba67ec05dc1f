using PciBackFlow.Filter.Policy;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>The Xen security advisories that concern configuration space, one test each, named after them.</summary>
public sealed class SecurityAdvisoryTests
{
    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void XSA_120_CVE_2015_2150_clearing_Command_leaves_decoding_on_in_hardware_and_reads_as_off(string policy)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.Poke(0x04, 2, 0x0007);
        using var guest = new OneGuest(hardware, Policies.Named(policy));
        guest.Write(0x04, 2, 0x0007);

        Assert.Equal(PciOpStatus.Success, guest.Write(0x04, 2, 0x0000));

        Assert.Equal(0x03, hardware.Bytes[0x04] & 0x03);
        Assert.Equal(0u, guest.Read(0x04, 2).Value & 0x03);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void XSA_120_CVE_2015_2150_no_rule_and_no_quirk_opens_the_decode_bits(string policy)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.Poke(0x04, 2, 0x0147);
        using var guest = new OneGuest(hardware, Policies.Named(policy) with
        {
            Rules = [new PolicyRule { Offset = 4, Size = 4 }, new PolicyRule { Register = "Command", Mask = 0xFFFF }],
            Quirks = [new QuirkField(4, 2, 0xFFFF, SettingOrigin.BuiltIn), new QuirkField(4, 1, 0xFF, SettingOrigin.BuiltIn)],
        });
        foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
        {
            guest.Write(0x04, size, 0x0007);
            guest.Write(0x04, size, 0);
            Assert.Equal(0x03, hardware.Bytes[0x04] & 0x03);
            Assert.Equal(0x40, hardware.Bytes[0x04] & 0x40);
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("strict")]
    public void XSA_128_no_rule_opens_an_MSI_control_word_that_the_option_keeps_closed(string policy)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Policies.Named(policy) with
        {
            Rules = [new PolicyRule { Offset = EveryCapability.Msi, Size = 4 }, new PolicyRule { Offset = EveryCapability.Msix, Size = 4 }],
        });

        Assert.Equal(PciOpStatus.AccessDenied, guest.Write(EveryCapability.Msi + 2, 2, 0x0187));
        Assert.Equal(PciOpStatus.AccessDenied, guest.Write(EveryCapability.Msix + 2, 2, 0x8004));

        Assert.Equal(0, hardware.Bytes[EveryCapability.Msi + 2] & 0x01);
        Assert.Equal(0, hardware.Bytes[EveryCapability.Msix + 3] & 0x80);
    }

    [Fact]
    public void XSA_120_addendum_CVE_2015_8553_a_permissive_guest_reaches_only_six_bits_of_Command()
    {
        foreach (uint start in new uint[] { 0x0000, 0x0547, 0xFD43 })
        {
            PlainMemoryFunction hardware = EveryCapability.Function();
            hardware.Poke(0x04, 2, start);
            using var guest = new OneGuest(hardware, AccessPolicy.Permissive);
            foreach (uint value in new uint[] { 0xFFFF, 0x0000, 0xFD43, 0x02BC })
            {
                guest.Write(0x04, 2, value);
                uint now = (uint)(hardware.Bytes[0x04] | (hardware.Bytes[0x05] << 8));
                Assert.Equal(start & ~0x02BCu & ~0x03u, now & ~0x02BCu & ~0x03u);
                Assert.Equal(start & 0x03, now & start & 0x03);
            }
        }
    }

    [Fact]
    public void XSA_126_CVE_2015_2756_neither_byte_word_nor_dword_writes_reach_the_decode_bits_under_qemus_masks()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.Poke(0x04, 2, 0x0007);
        using var guest = new OneGuest(hardware, AccessPolicy.QemuXen);
        foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
        {
            guest.Write(0x04, size, 0);
            Assert.Equal(0x03, hardware.Bytes[0x04] & 0x03);
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void XSA_128_CVE_2015_4103_a_write_that_straddles_fields_does_not_reach_MSI_address_or_data(string policy)
    {
        foreach (uint control in new[] { 0x0000u, 0x0080u, 0x0100u, 0x0180u })
        {
            byte[] bytes = EveryCapability.Bytes();
            bytes[EveryCapability.Msi + 2] = (byte)control;
            bytes[EveryCapability.Msi + 3] = (byte)(control >> 8);
            int length = WriteRules.MsiLength(new OracleImage(bytes), EveryCapability.Msi);
            var hardware = new PlainMemoryFunction(bytes, EveryCapability.BaseAddresses, default);
            using var guest = new OneGuest(hardware, Policies.Named(policy) with { AllowInterruptControl = new(true, SettingOrigin.BuiltIn) });
            foreach (int size in (ReadOnlySpan<int>)[4, 2, 1])
            {
                for (int offset = EveryCapability.Msi; offset < EveryCapability.Msi + length; offset += size)
                {
                    guest.Write(offset, size, 0xA5A5A5A5);
                }
            }

            for (int at = EveryCapability.Msi + 4; at < EveryCapability.Msi + length; at++)
            {
                Assert.True(hardware.Bytes[at] == bytes[at], $"{policy}, control {control:x4}: {at:x}");
            }

            Assert.Equal(bytes.AsSpan(EveryCapability.Msi, 2).ToArray(), hardware.Bytes.Slice(EveryCapability.Msi, 2).ToArray());
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void XSA_129_CVE_2015_4104_MSI_mask_and_pending_bits_are_never_written(string policy)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Policies.Named(policy) with { Rules = [new PolicyRule { Offset = EveryCapability.Msi + 16, Size = 4 }] });
        byte[] before = hardware.Bytes.Slice(EveryCapability.Msi + 16, 8).ToArray();

        foreach (uint value in new[] { 0u, 0xFFFFFFFFu })
        {
            guest.Write(EveryCapability.Msi + 16, 4, value);
            guest.Write(EveryCapability.Msi + 20, 4, value);
        }

        Assert.Equal(before, hardware.Bytes.Slice(EveryCapability.Msi + 16, 8).ToArray());
    }

    [Theory]
    [InlineData("default", PciOpStatus.Success)]
    [InlineData("strict", PciOpStatus.AccessDenied)]
    public void XSA_131_CVE_2015_4106_unknown_registers_are_closed_unless_opened(string policy, PciOpStatus expected)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Policies.Named(policy));
        byte[] before = hardware.Bytes.ToArray();
        for (int at = EveryCapability.ExtendedDeviceSpecific; at < 4096; at += 4)
        {
            Assert.Equal(expected, guest.Write(at, 4, ~BitConverter.ToUInt32(before, at)));
        }

        Assert.Equal(before, hardware.Bytes.ToArray());
    }

    [Fact]
    public void XSA_155_CVE_2015_8550_what_stands_in_the_page_after_the_request_was_taken_has_no_effect()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.WriteLog = [];
        using var guest = new OneGuest(hardware, AccessPolicy.Permissive);
        hardware.WriteLog.Clear();
        guest.AfterIngest = page =>
            page.Post(new PciOpRequest { Command = PciOpCode.ConfigWrite, Offset = EveryCapability.Msi + 4, Size = 4, Value = 0xDEADBEEF });

        try
        {
            guest.Write(EveryCapability.DeviceSpecific, 4, 0x11223344);
        }
        catch (Xunit.Sdk.XunitException)
        {
            // The answer to a request that the guest has overwritten is dropped: nothing to read.
        }

        Assert.Equal([(EveryCapability.DeviceSpecific, 4, 0x11223344u)], hardware.WriteLog);
    }
}
