using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>A guest's function level reset: an option; trapped to a reset by the host; the bit itself never reaches hardware.</summary>
/// <remarks>Origin: Linux drivers/vfio/pci/vfio_pci_config.c (vfio_exp_config_write, vfio_af_config_write); libvfio-user test_pci_caps.py;
/// PCI Express Base 4.0 §7.5.3.4, Advanced Capabilities ECN.</remarks>
public sealed class FunctionResetTests
{
    private const int DeviceControl = EveryCapability.Express + 8;
    private const int FeatureControl = EveryCapability.Features + 4;

    [Theory]
    [InlineData(DeviceControl, 2, 0xA810u, 1)]
    [InlineData(DeviceControl + 1, 1, 0xA8u, 1)]
    [InlineData(DeviceControl, 4, 0x0000A810u, 1)]
    [InlineData(DeviceControl, 1, 0x80u, 0)]
    [InlineData(DeviceControl, 2, 0x2810u, 0)]
    [InlineData(DeviceControl - 4, 4, 0x80008000u, 0)]
    [InlineData(DeviceControl + 2, 2, 0x8000u, 0)]
    [InlineData(FeatureControl, 1, 0x01u, 1)]
    [InlineData(FeatureControl, 2, 0x0001u, 1)]
    [InlineData(FeatureControl, 1, 0x00u, 0)]
    [InlineData(FeatureControl, 1, 0x02u, 0)]
    [InlineData(FeatureControl + 1, 1, 0x01u, 0)]
    public void Writing_the_bit_resets_through_the_host_exactly_once_where_the_option_is_on(int offset, int size, uint value, int resets)
    {
        foreach (string policy in (string[])["default", "permissive", "strict"])
        {
            PlainMemoryFunction hardware = EveryCapability.Function();
            hardware.WriteLog = [];
            using var guest = new OneGuest(hardware, Policies.Named(policy) with { AllowFunctionReset = new(true, SettingOrigin.BuiltIn) });

            guest.Write(offset, size, value);

            Assert.True(resets == hardware.Resets, $"{policy}: {hardware.Resets} resets");
            AssertBitNeverWritten(hardware);
            Assert.Equal(0u, guest.Read(DeviceControl, 2).Value & 0x8000);
            Assert.Equal(0u, guest.Read(FeatureControl, 1).Value & 0x01);
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void Without_the_option_nothing_is_reset_and_nothing_written(string policy)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.WriteLog = [];
        using var guest = new OneGuest(hardware, Policies.Named(policy));

        guest.Write(DeviceControl, 2, 0xA810);
        guest.Write(FeatureControl, 1, 0x01);

        Assert.Equal(0, hardware.Resets);
        AssertBitNeverWritten(hardware);
    }

    [Fact]
    public void A_function_that_does_not_offer_the_reset_is_not_reset()
    {
        byte[] bytes = EveryCapability.Bytes();
        bytes[EveryCapability.Express + 7] &= 0xEF;
        bytes[EveryCapability.Features + 3] = 0x01;
        var hardware = new PlainMemoryFunction(bytes, EveryCapability.BaseAddresses, default) { WriteLog = [] };
        using var guest = new OneGuest(hardware, AccessPolicy.Default with { AllowFunctionReset = new(true, SettingOrigin.BuiltIn) });

        guest.Write(DeviceControl, 2, 0xA810);
        guest.Write(FeatureControl, 1, 0x01);

        Assert.Equal(0, hardware.Resets);
        AssertBitNeverWritten(hardware);
    }

    [Fact]
    public void A_reset_that_the_host_cannot_do_fails_the_write()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Default with { AllowFunctionReset = new(true, SettingOrigin.BuiltIn) });
        hardware.HostAgrees = false;

        Assert.NotEqual(PciOpStatus.Success, guest.Write(DeviceControl, 2, 0xA810));
    }

    [Fact]
    public void After_a_reset_the_guest_reads_what_hardware_then_holds()
    {
        using var hardware = new EmulatedFunction(default, "every capability", EveryCapability.Bytes(), [0x20000, 0x20, 0x10000, 0, 0, 0, 0x40000]);
        using var guest = new OneGuest(hardware, AccessPolicy.Default with { AllowFunctionReset = new(true, SettingOrigin.BuiltIn) });
        guest.Write(0x04, 2, 0x0006);
        guest.Read(0x0C, 4);

        Assert.Equal(PciOpStatus.Success, guest.Write(DeviceControl, 2, 0xA810));

        Assert.Equal(1, hardware.Resets);
        byte[] now = hardware.Snapshot();
        foreach (int at in new[] { 0x00, 0x08, 0x0C, 0x2C, 0x34, EveryCapability.Express + 4, EveryCapability.Msix + 4 })
        {
            Assert.Equal(BitConverter.ToUInt32(now, at), guest.Read(at, 4).Value);
        }
    }

    private static void AssertBitNeverWritten(PlainMemoryFunction hardware)
    {
        foreach ((int offset, int size, uint value) in hardware.WriteLog!)
        {
            for (int lane = 0; lane < size; lane++)
            {
                uint forbidden = (offset + lane) switch { DeviceControl + 1 => 0x80u, FeatureControl => 0x01u, _ => 0u };
                Assert.True(((value >> (8 * lane)) & forbidden) == 0, $"a write of {value:x} to {offset:x}/{size} starts a reset");
            }
        }
    }
}
