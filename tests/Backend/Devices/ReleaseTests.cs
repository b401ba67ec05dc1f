using PciBackFlow.Backend.Devices;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

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
    public void A_device_whose_release_ends_in_a_defect_is_nobodys_and_nobody_gets_it_before_it_is_made_ready()
    {
        Scribble();
        Host[Nic].OnReset = static _ => throw new InvalidOperationException("nobody foresaw this");

        Assert.Throws<InvalidOperationException>(() => Custody.Functions.Release(5, Address));

        Assert.Null(Custody.Find(Nic)?.OwnerDomain);
        Assert.Contains("could not be cleaned", Custody.Functions.Claim(6, Address).Refusal?.Reason, StringComparison.Ordinal);
        Host[Nic].OnReset = null;
        Custody.MakeReady(Address);
        Assert.True(Custody.Functions.Claim(6, Address).IsGranted);
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
