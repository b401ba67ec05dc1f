using PciBackFlow.Filter.Policy;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>The <c>qemu-xen</c> policy register by register: what hardware may see of a write, and what the guest reads first.</summary>
/// <remarks>Origin: the register groups of QEMU hw/xen/xen_pt_config_init.c: hardware sees the bits outside emulated, read-only and reserved masks.</remarks>
public sealed class QemuXenPolicyTests
{
    /// <summary>Register, its size, emulated, read-only and reserved bits.</summary>
    public static TheoryData<string, int, int, uint, uint, uint> Registers => new()
    {
        { "vendor id", 0x00, 2, 0xFFFF, 0xFFFF, 0 },
        { "device id", 0x02, 2, 0xFFFF, 0xFFFF, 0 },
        { "command", 0x04, 2, 0x0743, 0, 0xF880 },
        { "status", 0x06, 2, 0x0010, 0x06F8, 0x0007 },
        { "cache line size", 0x0C, 1, 0xFF, 0, 0 },
        { "latency timer", 0x0D, 1, 0xFF, 0, 0 },
        { "header type", 0x0E, 1, 0, 0xFF, 0 },
        { "BAR 0", 0x10, 4, 0xFFFFFFFF, 0, 0 },
        { "capability pointer", 0x34, 1, 0xFF, 0xFF, 0 },
        { "interrupt line", 0x3C, 1, 0xFF, 0, 0 },
        { "interrupt pin", 0x3D, 1, 0xFF, 0xFF, 0 },
        { "PM capabilities", EveryCapability.Power + 2, 2, 0xF9C8, 0xFFFF, 0 },
        { "PM control", EveryCapability.Power + 4, 2, 0x810B, 0xE10C, 0x00F0 },
        { "device control", EveryCapability.Express + 8, 2, 0xFFFF, 0x8400, 0 },
        { "link control", EveryCapability.Express + 0x10, 2, 0xFFFF, 0xFC34, 0 },
        { "device control 2", EveryCapability.Express + 0x28, 2, 0xFFFF, 0xFFE0, 0 },
        { "link control 2", EveryCapability.Express + 0x30, 2, 0xFFFF, 0xE040, 0 },
        { "MSI control", EveryCapability.Msi + 2, 2, 0x017E, 0x018E, 0xFE00 },
        { "MSI address", EveryCapability.Msi + 4, 4, 0xFFFFFFFF, 0x00000003, 0 },
        { "MSI upper address", EveryCapability.Msi + 8, 4, 0xFFFFFFFF, 0, 0 },
        { "MSI data", EveryCapability.Msi + 0x0C, 2, 0xFFFF, 0, 0 },
        { "MSI mask", EveryCapability.Msi + 0x10, 4, 0xFFFFFFFF, 0xFFFFFFFF, 0 },
        { "MSI-X control", EveryCapability.Msix + 2, 2, 0x0000, 0x07FF, 0x3800 },
    };

    [Theory]
    [MemberData(nameof(Registers))]
    public void Hardware_sees_no_bit_that_is_emulated_read_only_or_reserved(string name, int offset, int size, uint emulated, uint readOnly, uint reserved)
    {
        Assert.NotEmpty(name);
        foreach (uint value in new uint[] { 0x00000000, 0xFFFFFFFF, 0xA5A5A5A5, 0x5A5A5A5A })
        {
            PlainMemoryFunction hardware = EveryCapability.Function();
            using var guest = new OneGuest(
                hardware, AccessPolicy.QemuXen with { AllowInterruptControl = new(offset >= EveryCapability.Msi, SettingOrigin.BuiltIn) });
            byte[] before = hardware.Bytes.ToArray();

            guest.Write(offset, size, value);

            for (int lane = 0; lane < size; lane++)
            {
                int at = offset + lane;
                uint changed = (uint)(before[at] ^ hardware.Bytes[at]);

                // Decoding is switched on by the host when the guest asks for it, here as everywhere.
                if (at == 0x04)
                {
                    changed &= ~0x03u;
                }

                uint open = ~(emulated | readOnly | reserved) >> (8 * lane);
                Assert.True((changed & ~open & 0xFF) == 0, $"{name}: {value:x8} changed bits {changed:x2} of byte {at:x}, open are {open & 0xFF:x2}");
            }
        }
    }

    [Theory]
    [InlineData("cache line size", 0x0C, 1, 0xFFu)]
    [InlineData("interrupt line", 0x3C, 1, 0xFFu)]
    [InlineData("device control", EveryCapability.Express + 8, 2, 0x7BFFu)]
    [InlineData("link control", EveryCapability.Express + 0x10, 2, 0x03CBu)]
    [InlineData("device control 2", EveryCapability.Express + 0x28, 2, 0x001Fu)]
    [InlineData("MSI address", EveryCapability.Msi + 4, 4, 0xFFFFFFFCu)]
    [InlineData("MSI upper address", EveryCapability.Msi + 8, 4, 0xFFFFFFFFu)]
    [InlineData("MSI data", EveryCapability.Msi + 0x0C, 2, 0xFFFFu)]
    public void Emulated_bits_keep_what_the_guest_wrote_without_hardware(string name, int offset, int size, uint writable)
    {
        Assert.NotEmpty(name);
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.QemuXen);
        byte[] before = hardware.Bytes.ToArray();

        Assert.Equal(PciOpStatus.Success, guest.Write(offset, size, 0xFFFFFFFF));
        Assert.Equal(writable, guest.Read(offset, size).Value & writable);
        Assert.Equal(PciOpStatus.Success, guest.Write(offset, size, 0));
        Assert.Equal(0u, guest.Read(offset, size).Value & writable);

        Assert.Equal(before, hardware.Bytes.ToArray());
    }

    [Fact]
    public void The_initial_values_are_QEMUs()
    {
        using var guest = new OneGuest(EveryCapability.Function(), AccessPolicy.QemuXen);

        Assert.Equal(0u, guest.Read(0x04, 2).Value & 0x0743);
        Assert.Equal(0u, guest.Read(0x0C, 1).Value);
        Assert.Equal(0u, guest.Read(EveryCapability.Power + 2, 2).Value & 0xF800);
        Assert.Equal(0x0008u, guest.Read(EveryCapability.Power + 4, 2).Value & 0x810B);
        Assert.Equal(0x2810u, guest.Read(EveryCapability.Express + 8, 2).Value);
        Assert.Equal(0u, guest.Read(EveryCapability.Msi + 2, 2).Value & 0x007E);
    }

    [Fact]
    public void Unknown_registers_are_not_written()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.QemuXen);
        byte[] before = hardware.Bytes.ToArray();
        for (int at = EveryCapability.DeviceSpecific; at < 4096; at += 4)
        {
            guest.Write(at, 4, 0xFFFFFFFF);
        }

        Assert.Equal(before, hardware.Bytes.ToArray());
    }
}
