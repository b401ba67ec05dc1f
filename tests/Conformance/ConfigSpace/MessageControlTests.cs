using PciBackFlow.Filter.Policy;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>The control words of MSI and MSI-X: read through, changed only as the rule of <c>allow_interrupt_control</c> says.</summary>
/// <remarks>Origin: Linux drivers/xen/xen-pciback/conf_space_capability.c (msi_msix_flags_write), Linux 5.6 and later.</remarks>
public sealed class MessageControlTests
{
    private const int MsiControl = EveryCapability.Msi + 2;
    private const int MsixControl = EveryCapability.Msix + 2;
    private const uint MsiEnable = 0x0001;
    private const uint MsixEnable = 0x8000;
    private const uint InterruptDisable = 0x0400;

    public static TheoryData<bool, string> Settings => new() { { false, "default" }, { true, "default" }, { true, "strict" } };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_value_of_the_MSI_control_word_follows_the_rule(bool allowed, string policy) => Sweep(MsiControl, MsiEnable, 0x0001, allowed, policy);

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_value_of_the_MSIX_control_word_follows_the_rule(bool allowed, string policy) => Sweep(MsixControl, MsixEnable, 0xC000, allowed, policy);

    [Theory]
    [InlineData(MsiControl)]
    [InlineData(MsixControl)]
    public void A_permissive_guest_writes_the_control_word_as_it_is(int control)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.WriteLog = [];
        using var guest = new OneGuest(hardware, AccessPolicy.Permissive);
        foreach (uint value in new uint[] { 0x0000, 0xFFFF, 0x8001, 0x0187, 0xC004 })
        {
            Assert.Equal(PciOpStatus.Success, guest.Write(control, 2, value));
            Assert.Equal([(byte)value, (byte)(value >> 8)], hardware.Bytes.Slice(control, 2).ToArray());
        }
    }

    [Theory]
    [InlineData("default", true)]
    [InlineData("permissive", false)]
    [InlineData("permissive", true)]
    public void Hardware_sees_the_control_words_only_in_writes_of_exactly_two_bytes(string policy, bool allowed)
    {
        // Xen watches these registers of a PV host's functions and refuses any other size.
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.WriteLog = [];
        using var guest = new OneGuest(hardware, Policies.Named(policy) with { AllowInterruptControl = new(allowed, SettingOrigin.BuiltIn) });
        hardware.WriteLog.Clear();

        guest.Write(MsiControl - 2, 4, 0x01870000);
        guest.Write(MsiControl, 1, 0x86);
        guest.Write(MsiControl, 1, 0x87);
        guest.Write(MsiControl, 2, 0x0186);
        guest.Write(MsixControl - 2, 4, 0x80040000);
        guest.Write(MsixControl + 1, 1, 0xC0);
        guest.Write(MsixControl, 2, 0x0004);

        Assert.NotEmpty(hardware.WriteLog);
        Assert.All(hardware.WriteLog, write => Assert.True(
            write is { Offset: MsiControl or MsixControl, Size: 2 }, $"{write.Offset:x}/{write.Size} {write.Value:x}"));
    }

    private static void Sweep(int control, uint enable, uint controllable, bool allowed, string policy)
    {
        var findings = new Findings();
        int other = control == MsiControl ? MsixControl : MsiControl;
        uint otherEnable = control == MsiControl ? MsixEnable : MsiEnable;
        PlainMemoryFunction hardware = EveryCapability.Function();
        byte[] bytes = hardware.Bytes.ToArray();
        uint initial = (uint)(bytes[control] | (bytes[control + 1] << 8));
        uint otherInitial = (uint)(bytes[other] | (bytes[other + 1] << 8));
        using var guest = new OneGuest(hardware, Policies.Named(policy) with { AllowInterruptControl = new(allowed, SettingOrigin.BuiltIn) });
        foreach (uint present in new[] { initial, initial | enable, initial | controllable })
        {
            foreach (bool otherIsOn in new[] { false, true })
            {
                // Both at once is forbidden to hardware (PCI Local Bus 3.0 §6.8): the rule says nothing about it.
                if (otherIsOn && (present & enable) != 0)
                {
                    continue;
                }

                foreach (bool pinIsOff in new[] { false, true })
                {
                    for (uint written = 0; written <= 0xFFFF; written++)
                    {
                        hardware.Poke(0x04, 2, pinIsOff ? 6 | InterruptDisable : 6);
                        hardware.Poke(other, 2, otherIsOn ? otherInitial | otherEnable : otherInitial);
                        hardware.Poke(control, 2, present);
                        PciOpStatus status = guest.Write(control, 2, written);
                        bool refused = written != present && (!allowed || ((written ^ present) & ~controllable) != 0 || ((written & enable) != 0 && otherIsOn));
                        uint expected = refused ? present : written;
                        uint now = (uint)(hardware.Bytes[control] | (hardware.Bytes[control + 1] << 8));
                        if (now == expected && status == (refused ? PciOpStatus.AccessDenied : PciOpStatus.Success))
                        {
                            findings.Checked();
                        }
                        else
                        {
                            findings.Add(
                        $"{policy}, allowed {allowed}: {written:x4} over {present:x4}, other {otherIsOn}, pin off {pinIsOff}: "
                        + $"{status}, {now:x4}, not {expected:x4}");
                        }
                    }
                }
            }
        }

        findings.AssertNone();
    }
}
