using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Captures;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Backend.Tests.Xl;

public sealed class PcibackSettingsTests
{
    private readonly PcibackSettings _settings = new();

    [Fact]
    public void What_was_written_holds_for_its_device_and_says_where_it_comes_from()
    {
        var one = PciAddress.Parse("00:04.0");
        _settings.SetPermissive(one);
        _settings.AllowInterruptControl(one);

        AccessPolicy policy = _settings.ApplyTo(AccessPolicy.Default, one);

        Assert.Equal(PolicyProfile.Permissive, policy.Profile.Value);
        Assert.Equal("xen-pciback parameter permissive=0000:00:04.0", policy.Profile.Origin.ToString());
        Assert.True(policy.AllowInterruptControl.Value);
        Assert.Equal(AccessPolicy.Default, _settings.ApplyTo(AccessPolicy.Default, PciAddress.Parse("00:05.0")));
    }

    // Linux's flag outlives the guest and is the next guest's, too.
    [Fact]
    public void It_ends_when_the_guest_that_has_the_device_lets_go_of_it()
    {
        Assert.True(BuiltinCaptures.TryLoad("e1000e", out Capture? capture));
        using ExclusiveFunctions functions = new(CapturedFunction.All(capture));
        PciAddress address = capture.Functions[0].Address;
        IFunctionSource source = _settings.Over(functions);
        _settings.SetPermissive(address);
        Assert.True(source.Claim(1, address).IsGranted);

        source.Release(2, address);
        Assert.True(_settings.IsPermissive(address));
        source.Release(1, address);

        Assert.False(_settings.IsPermissive(address));
        Assert.True(source.Claim(2, address).IsGranted);
    }

    [Fact]
    public void Who_serves_the_guest_hears_of_a_change()
    {
        List<PciAddress> changed = [];
        _settings.Changed += changed.Add;

        _settings.SetPermissive(PciAddress.Parse("00:04.0"));

        Assert.Equal([PciAddress.Parse("00:04.0")], changed);
    }
}
