using PciBackFlow.Backend.Policy;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Policy;

public sealed class PcibackSettingsTests
{
    private readonly PcibackSettings _settings = new();

    [Fact]
    public void What_was_written_holds_for_its_device_and_says_where_it_comes_from()
    {
        var one = PciAddress.Parse("00:04.0");
        _settings.SetPermissive(one);
        _settings.AllowInterruptControl(one);

        AccessPolicy policy = _settings.For(one).ApplyTo(AccessPolicy.Default);

        Assert.Equal(PolicyProfile.Permissive, policy.Profile.Value);
        Assert.Equal("xen-pciback parameter permissive=0000:00:04.0", policy.Profile.Origin.ToString());
        Assert.True(policy.AllowInterruptControl.Value);
        Assert.Same(PolicyStatement.Nothing, _settings.For(PciAddress.Parse("00:05.0")));
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
