using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Policy;

public sealed class DevicePoliciesTests
{
    private static readonly PolicyStatement Strict = PolicyStatement.Of(PolicyProfile.Strict, new(SettingSource.Configuration, "test"));

    private readonly List<DeviceCandidate> _host = [At("03:00.0", "1c.0"), At("00:02.0", "02.0") with { ClassCode = 0x030000 }];

    [Fact]
    public void An_entry_follows_its_device_to_another_bus_number()
    {
        var policies = new DevicePolicies([(new PathSelector("pci0000:00/1c.0/00.0"), Strict)]);

        Assert.Same(Strict, policies.For(PciAddress.Parse("03:00.0"), () => _host));
        _host[0] = At("04:00.0", "1c.0");
        Assert.Same(Strict, policies.For(PciAddress.Parse("04:00.0"), () => _host));
        Assert.Same(PolicyStatement.Nothing, policies.For(PciAddress.Parse("00:02.0"), () => _host));
    }

    [Fact]
    public void An_entry_that_fits_two_devices_is_refused_for_both_and_for_nobody_else()
    {
        var policies = new DevicePolicies([(new ClassSelector(0x0200, 4), Strict)]);
        policies.Check(() => _host);
        _host.Add(At("04:00.0", "1c.4"));

        Assert.Contains("fits 2 devices", Assert.Throws<InvalidOperationException>(() => policies.For(PciAddress.Parse("04:00.0"), () => _host)).Message,
            StringComparison.Ordinal);
        Assert.Same(PolicyStatement.Nothing, policies.For(PciAddress.Parse("00:02.0"), () => _host));
        Assert.Throws<BackendException>(() => policies.Check(() => _host));
    }

    [Fact]
    public void Two_entries_that_fit_one_device_are_refused()
    {
        var policies = new DevicePolicies([(DeviceSelector.Of(PciAddress.Parse("03:00.0")), Strict), (new ClassSelector(0x0200, 4), Strict)]);

        Assert.Contains(
            "two entries for 0000:03:00.0, 0000:03:00.0 and class=0200",
            Assert.Throws<InvalidOperationException>(() => policies.For(PciAddress.Parse("03:00.0"), () => _host)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Addresses_alone_ask_for_no_list_of_the_host() =>
        Assert.Same(
            Strict,
            new DevicePolicies([(DeviceSelector.Of(PciAddress.Parse("03:00.0")), Strict)])
                .For(PciAddress.Parse("03:00.0"), static () => throw new InvalidOperationException("asked")));

    private static DeviceCandidate At(string address, string slot) =>
        new(PciAddress.Parse(address), slot == "02.0" ? "pci0000:00/02.0" : $"pci0000:00/{slot}/00.0", 0x8086, 0x10D3, 0, 0, 0x020000);
}
