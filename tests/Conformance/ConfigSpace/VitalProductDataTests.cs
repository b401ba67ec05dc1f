using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>VPD can be read by every guest and written by none, whatever the policy.</summary>
/// <remarks>Origin: Linux drivers/xen/xen-pciback/conf_space_capability.c (vpd_address_write); PCI Local Bus 3.0 appendix I.</remarks>
public sealed class VitalProductDataTests
{
    private const int Vpd = EveryCapability.Vpd;
    private const int Address = Vpd + 2;
    private const int Data = Vpd + 4;
    private const uint Flag = 0x8000;

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void An_address_with_F_set_is_denied_and_one_without_reaches_hardware(string policy)
    {
        foreach (uint address in new uint[] { 0x0000, 0x0004, 0x7FFC, 0x1234 })
        {
            PlainMemoryFunction hardware = EveryCapability.Function();
            using var guest = new OneGuest(hardware, Policies.Named(policy));

            Assert.Equal(PciOpStatus.AccessDenied, guest.Write(Address, 2, address | Flag));
            Assert.Equal([0, 0], hardware.Bytes.Slice(Address, 2).ToArray());
            Assert.Equal(PciOpStatus.Success, guest.Write(Address, 2, address));
            Assert.Equal([(byte)address, (byte)(address >> 8)], hardware.Bytes.Slice(Address, 2).ToArray());
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void The_data_register_ignores_writes(string policy)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Policies.Named(policy));

        Assert.Equal(PciOpStatus.Success, guest.Write(Data, 4, 0xDEADBEEF));

        Assert.Equal([0, 0, 0, 0], hardware.Bytes.Slice(Data, 4).ToArray());
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void A_guest_reads_the_vital_product_data_of_a_function_that_has_some(string policy)
    {
        using EmulatedFunction hardware = Emulated();
        using var guest = new OneGuest(hardware, Policies.Named(policy));
        byte[] store = hardware.Vpd.ToArray();
        Assert.NotEmpty(store);

        for (int at = 0; at + 4 <= store.Length && at < 64; at += 4)
        {
            Assert.Equal(PciOpStatus.Success, guest.Write(Address, 2, (uint)at));
            Assert.Equal(Flag, guest.Read(Address, 2).Value & Flag);
            Assert.Equal(BitConverter.ToUInt32(store, at), guest.Read(Data, 4).Value);
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void No_row_of_writes_of_any_size_changes_the_store(string policy)
    {
        using EmulatedFunction hardware = Emulated();
        byte[] store = hardware.Vpd.ToArray();
        using var guest = new OneGuest(hardware, Policies.Named(policy) with
        {
            Rules = [new PolicyRule { Offset = Vpd, Size = 4 }, new PolicyRule { Offset = Data, Size = 4 }],
            Quirks = [new QuirkField(Vpd, 4, 0xFFFFFFFF, SettingOrigin.BuiltIn), new QuirkField(Data, 4, 0xFFFFFFFF, SettingOrigin.BuiltIn)],
        });
        var random = new Random(3);
        for (int i = 0; i < 20000; i++)
        {
            int size = 1 << random.Next(3);
            guest.Write(Vpd + (random.Next(8) & -size), size, (uint)random.NextInt64());
        }

        Assert.Equal(store, hardware.Vpd.ToArray());
    }

    private static EmulatedFunction Emulated() => new(default, "every capability", EveryCapability.Bytes());
}
