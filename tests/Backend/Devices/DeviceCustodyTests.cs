using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

public sealed class DeviceCustodyTests : IDisposable
{
    private const string Nic = "0000:03:00.0";
    private const int Command = 0x04;
    private const int MsiXControl = 0xA2;
    private const int PowerControl = 0xCC;

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    private readonly FakeHost _host = new();

    public DeviceCustodyTests()
    {
        _host.AddPort("0000:00:1c.0");
        _host.AddNic(Nic, "e1000e", "0000:00:1c.0");
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_taken_device_has_no_driver_and_can_get_none()
    {
        using DeviceCustody custody = _host.Open();

        HeldDevice held = custody.Take(Address, "wan", force: false);

        Assert.Equal(
            (Address, "wan", "e1000e", 0x8086, 0x10D3, null),
            (held.Address, held.Name, held.OriginalDriver, held.VendorId, held.DeviceId, held.OwnerDomain));
        Assert.Null(_host[Nic].Driver);
        Assert.Throws<IOException>(() => _host.Bus.Bind(Address, "e1000e"));
        _host.Bus.Probe(Address);
        Assert.Null(_host[Nic].Driver);
        Assert.Equal("1", _host[Nic].Text("enable"));
        Assert.Equal(("on", "0", "on"), (_host[Nic].Text("power/control"), _host[Nic].Text("d3cold_allowed"), _host["00:1c.0"].Text("power/control")));
        Assert.True(_host.Passthrough.IsPrepared(Address));
        Assert.Equal(DomainInfo.Quarantine, _host.Passthrough.OwnerOf(Address));
        Assert.Equal(held, custody.Find("wan"));
        Assert.Equal(held, custody.Find("03:00.0"));
        Assert.Null(Assert.Single(custody.Held()).Unusable);
        Assert.Equal(_host[Nic].Gsi, custody.LineOf(Address));
    }

    [Fact]
    public void Taking_happens_in_the_order_that_each_step_needs()
    {
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);

        string[] order = ["driver_override <- pcibackflow", "e1000e/unbind", "power/control <- on", "enable <- 1", "PrepareMsix", "/reset <- 1", "Assign"];
        int[] at = [.. order.Select(part => _host.Happened.FindIndex(line => line.Contains(part, StringComparison.Ordinal)))];
        Assert.DoesNotContain(-1, at);
        Assert.Equal(at.Order(), at);
    }

    [Fact]
    public void A_taken_device_is_quiet()
    {
        _host[Nic].Set(MsiXControl, 0x8004).Set(PowerControl, 0x0100);
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);

        Assert.Equal(0x0103, _host[Nic].Word(Command));
        Assert.Equal(0x0004, _host[Nic].Word(MsiXControl));
        Assert.Equal(0, _host[Nic].Word(PowerControl));
    }

    [Fact]
    public void Given_back_everything_is_as_it_was_and_the_driver_has_it_again()
    {
        string before = _host.Everything();
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, "wan", force: false);
        Assert.NotEqual(before, _host.Everything());

        custody.GiveBack(Address, rebind: true, force: false);

        Assert.Equal(before, _host.Everything());
        Assert.Equal("e1000e", _host[Nic].Driver);
        Assert.Empty(custody.Held());
        custody.GiveBack(Address, rebind: true, force: false);
    }

    [Fact]
    public void Given_back_without_a_driver_any_driver_may_have_it()
    {
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);
        custody.GiveBack(Address, rebind: false, force: false);

        Assert.Null(_host[Nic].Driver);
        Assert.Equal("(null)", _host[Nic].Text("driver_override"));
        _host.Bus.Probe(Address);
        Assert.Equal("e1000e", _host[Nic].Driver);
    }

    [Fact]
    public void A_device_that_had_no_driver_is_offered_to_all_of_them_when_given_back()
    {
        _host.AddNic("00:05.0", driver: null).Preferred = "e1000e";
        using DeviceCustody custody = _host.Open();
        var driverless = PciAddress.Parse("00:05.0");
        Assert.Null(custody.Take(driverless, null, force: false).OriginalDriver);
        custody.GiveBack(driverless, rebind: true, force: false);

        Assert.Equal("e1000e", _host["00:05.0"].Driver);
    }

    [Fact]
    public void Whichever_step_of_taking_fails_is_named_and_nothing_is_left_of_the_others()
    {
        string before = _host.Everything();
        int failed = 0;
        for (int at = 0; ; at++)
        {
            using DeviceCustody custody = _host.Open();
            _host.FailAt = at;
            var failure = Record.Exception(() => custody.Take(Address, null, force: true)) as BackendException;
            if (failure is null)
            {
                Assert.Single(custody.Held());
                break;
            }

            failed++;
            Assert.Equal(BackendFailure.Failed, failure.Failure);
            Assert.Contains("failed at '", failure.Message, StringComparison.Ordinal);
            Assert.Contains("everything before it was undone", failure.Message, StringComparison.Ordinal);
            Assert.Equal(before, _host.Everything());
            Assert.Empty(custody.Held());
        }

        // Override, unbind, three power settings, enable, MSI-X, quarantine. (A reset that fails is what force accepts.)
        Assert.InRange(failed, 7, 12);
    }

    [Fact]
    public void Whichever_step_of_giving_back_fails_the_device_stays_held_as_it_was()
    {
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);
        string held = _host.Everything();
        int failed = 0;

        for (int at = 0; ; at++)
        {
            _host.FailAt = at;
            var failure = Record.Exception(() => custody.GiveBack(Address, rebind: true, force: false)) as BackendException;
            if (custody.Held().Count == 0)
            {
                // Only the driver is left to fail then, and the message says that the device is given back all the same.
                Assert.Contains("is given back, but e1000e did not take it", failure!.Message, StringComparison.Ordinal);
                break;
            }

            failed++;
            Assert.Contains("failed at '", failure!.Message, StringComparison.Ordinal);
            Assert.Equal(held, _host.Everything());
        }

        Assert.InRange(failed, 7, 11);
    }

    [Fact]
    public void A_state_directory_that_cannot_be_written_stops_before_anything_is_touched()
    {
        using DeviceCustody custody = _host.Open();
        File.WriteAllText(_host.Folder("state"), "a file in its place");

        BackendException failure = Assert.Throws<BackendException>(() => custody.Take(Address, null, force: false));

        Assert.Contains("remember it", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Happened);
    }

    [Fact]
    public void Taking_a_held_device_only_changes_its_name()
    {
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, "wan", force: false);
        int before = _host.Happened.Count;

        Assert.Equal("lan", custody.Take(Address, "lan", force: false).Name);
        Assert.Null(custody.Take(Address, null, force: false).Name);

        Assert.Equal(before, _host.Happened.Count);
        Assert.Null(custody.Find("wan"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\tb")]
    [InlineData("ä")]
    [InlineData("a,b")]
    [InlineData("03:00.0")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_name_is_printable_short_without_a_comma_and_no_address(string name)
    {
        using DeviceCustody custody = _host.Open();

        Assert.Equal(BackendFailure.Malformed, Assert.Throws<BackendException>(() => custody.Take(Address, name, force: false)).Failure);
        Assert.Empty(_host.Happened);
    }

    [Fact]
    public void Two_devices_have_two_names()
    {
        _host.AddNic("00:05.0");
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, "wan", force: false);

        BackendException failure = Assert.Throws<BackendException>(() => custody.Take(PciAddress.Parse("00:05.0"), "wan", force: false));

        Assert.Contains(Nic, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_stays_awake_until_the_last_device_behind_it_is_given_back()
    {
        // Function 1 has no driver, so it is no sibling that stays with the host.
        _host.AddNic("03:00.1", driver: null, "00:1c.0");
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);
        custody.Take(PciAddress.Parse("03:00.1"), null, force: false);

        custody.GiveBack(Address, rebind: false, force: false);
        Assert.Equal("on", _host["00:1c.0"].Text("power/control"));
        custody.GiveBack(PciAddress.Parse("03:00.1"), rebind: false, force: false);
        Assert.Equal("auto", _host["00:1c.0"].Text("power/control"));
    }

    [Fact]
    public void Without_xen_a_device_can_be_held_all_the_same()
    {
        using var custody = DeviceCustody.Open(_host.Options() with { Physdev = null, Domains = null });
        custody.Take(Address, null, force: false);
        custody.MakeReady(Address);

        Assert.True(custody.Functions.Claim(5, Address).IsGranted);
        custody.Functions.Release(5, Address);
        custody.GiveBack(Address, rebind: true, force: false);
        Assert.DoesNotContain(_host.Happened, static line => line.Contains("Assign", StringComparison.Ordinal));
    }

    [Fact]
    public void An_msix_table_that_a_dead_program_left_prepared_is_prepared_anew()
    {
        _host.Physdev.PrepareMsix(Address);
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);

        Assert.True(_host.Passthrough.IsPrepared(Address));
    }

    [Fact]
    public void What_xen_keeps_in_quarantine_already_stays_there()
    {
        _host.Domains.Assign(DomainInfo.Quarantine, Address, relaxed: true);
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);

        Assert.Equal(DomainInfo.Quarantine, _host.Passthrough.OwnerOf(Address));
    }

    [Fact]
    public void A_device_the_host_does_not_have_is_not_taken()
    {
        using DeviceCustody custody = _host.Open();

        BackendException failure = Assert.Throws<BackendException>(() => custody.Take(PciAddress.Parse("09:00.0"), null, force: true));

        Assert.Equal(BackendFailure.Failed, failure.Failure);
        Assert.Contains("no such function", failure.Message, StringComparison.Ordinal);
    }
}
