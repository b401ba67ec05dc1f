using PciBackFlow.Backend.Devices;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>Who revokes what a guest had of a device waits until its release has ended, and is told.</summary>
public sealed class ReleaseTests : HeldNicTests
{
    [Fact]
    public void The_end_of_a_release_is_told_once_the_device_is_reset_and_nobodys()
    {
        Scribble();
        int before = Host[Nic].Resets.Count;
        List<(PciAddress Device, int? Owner, int Resets)> told = [];
        Custody.Released += device => told.Add((device, Custody.Find(Nic)?.OwnerDomain, Host[Nic].Resets.Count - before));

        Custody.Functions.Release(6, Address);
        Assert.Empty(told);
        Custody.Functions.Release(5, Address);
        Custody.Functions.Release(5, Address);

        Assert.Equal([(Address, null, 1)], told);
    }

    [Fact]
    public void A_machine_in_memory_tells_it_too()
    {
        using EmulatedCustody custody = new([() => new EmulatedFunctionBuilder(0x8086, 0x10D3).Build(Address)]);
        List<(PciAddress Device, int? Owner)> told = [];
        custody.Released += device => told.Add((device, custody.Find(Nic)?.OwnerDomain));
        Assert.True(custody.Functions.Claim(5, Address).IsGranted);

        custody.Functions.Release(6, Address);
        Assert.Empty(told);
        custody.Functions.Release(5, Address);
        custody.Functions.Release(5, Address);

        Assert.Equal([(Address, null)], told);
    }
}
