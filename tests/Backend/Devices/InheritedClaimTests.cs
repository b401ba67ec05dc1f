using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>The program restarts under guests: they claim what they have.</summary>
public sealed class InheritedClaimTests : IDisposable
{
    private const string Nic = "0000:03:00.0";

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    private readonly FakeHost _host = new();

    public InheritedClaimTests()
    {
        _host.AddPort("0000:00:1c.0");
        _host.AddNic(Nic, "e1000e", "0000:00:1c.0");
    }

    public void Dispose() => _host.Dispose();

    /// <summary>Whoever has it has it still; anybody else gets it when it has been made ready.</summary>
    [Fact]
    public void A_device_that_did_not_answer_at_the_restart_is_its_guests_again_when_it_does()
    {
        using (DeviceCustody before = _host.Open())
        {
            before.Take(Address, null, force: false);
        }

        int resets = _host[Nic].Resets.Count;
        byte[] config = _host[Nic].Config;
        _host[Nic].Pull();
        using DeviceCustody custody = _host.Open();
        Assert.Equal(DeviceFailureKind.Gone, custody.Functions.Continue(5, Address).Refusal!.Kind);
        _host[Nic].Edit(bytes => config.CopyTo(bytes, 0));

        Assert.Equal(DeviceFailureKind.Unusable, custody.Functions.Claim(6, Address).Refusal!.Kind);
        Assert.True(custody.Functions.Continue(5, Address).IsGranted);

        Assert.Equal((5, null), Assert.Single(custody.Held()) is var held ? (held.OwnerDomain, held.Unusable) : default);
        Assert.Equal(resets, _host[Nic].Resets.Count);
    }
}
