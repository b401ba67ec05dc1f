using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Refusals;

/// <summary>Each reason against taking a device: found, told, weighed, and nothing touched.</summary>
public sealed class DeviceRefusalTests : IDisposable
{
    private const string Nic = "0000:00:04.0";

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    private FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_device_against_which_nothing_speaks_is_assignable()
    {
        _host.AddNic(Nic);

        Assignability found = _host.Snapshot().Assess(Address);

        Assert.True(found.IsAssignable);
        Assert.Empty(found.Refusals);
    }

    [Fact]
    public void A_bridge_is_refused_whoever_insists()
    {
        _host.AddPort("00:1c.0");

        Expect("bridge", RefusalWeight.Forbidden, "it is a PCI-to-PCI bridge", "00:1c.0");
    }

    [Fact]
    public void A_bridge_of_the_chipset_is_refused_until_a_person_insists()
    {
        _host.AddNic(Nic).Edit(static config => config[0x0B] = 0x06).With("class", "0x060100");

        Expect("chipset", RefusalWeight.Judgement, "it is a bridge of the host's chipset");
    }

    [Fact]
    public void Cardbus_cannot_be_given_to_anybody()
    {
        _host.AddNic(Nic).Edit(static config => config[0x0E] = 0x02);

        Expect("header", RefusalWeight.Impossible, "it is a CardBus bridge");
    }

    [Fact]
    public void A_device_that_answers_all_ones_is_gone_and_nothing_else()
    {
        _host.AddNic(Nic).Pull();

        Expect("gone", RefusalWeight.Impossible, "it does not answer");
        Assert.Single(_host.Snapshot().Assess(Address).Refusals);
    }

    [Fact]
    public void What_the_host_uses_is_refused_until_a_person_insists()
    {
        FakeDevice nic = _host.AddNic(Nic).With("net/eth0/flags", "0x1003");
        Assert.NotNull(nic);
        _host.Link("class/net/eth0", $"devices/{FakeHost.RootBus}/{Nic}/net/eth0");

        Expect("in-use", RefusalWeight.Judgement, "network interface eth0 is up");
    }

    [Fact]
    public void The_display_the_host_booted_with_is_in_use()
    {
        _host.AddNic(Nic).With("boot_vga", "1");

        Expect("in-use", RefusalWeight.Judgement, "it is the display this host booted with");
    }

    [Fact]
    public void The_serial_port_of_the_hosts_console_is_in_use()
    {
        _host.AddNic(Nic).With("tty/ttyS4/dev", "4:68");
        _host.Link("class/tty/ttyS4", $"devices/{FakeHost.RootBus}/{Nic}/tty/ttyS4");
        Directory.CreateDirectory(Path.Combine(_host.Bus.Sys, "devices/virtual/tty/console"));
        File.WriteAllText(Path.Combine(_host.Bus.Sys, "devices/virtual/tty/console/active"), "tty0 ttyS4\n");
        _host.Link("class/tty/console", "devices/virtual/tty/console");

        Expect("in-use", RefusalWeight.Judgement, "serial port ttyS4 is this host's console");
    }

    [Fact]
    public void A_sibling_that_stays_with_the_host_is_a_reason()
    {
        _host.AddNic(Nic);
        _host.AddNic("00:04.1");

        Expect("siblings", RefusalWeight.Judgement, "0000:00:04.1 is in the same package and stays with the host (e1000e)");
    }

    [Fact]
    public void A_sibling_without_a_driver_or_in_another_slot_is_none()
    {
        _host.AddNic(Nic);
        _host.AddNic("00:04.1", driver: null);
        _host.AddNic("00:05.1");

        Assert.True(_host.Snapshot().Assess(Address).IsAssignable);
    }

    // Access control redirects what one function says to another upstream, past the IOMMU. Control 0x1D: all that the capability 0x1D offers.
    [Theory]
    [InlineData(0x1D, 0x1D, true)]
    [InlineData(0x1D, 0x00, false)]
    [InlineData(0x1D, 0x15, false)]
    public void Access_control_makes_siblings_strangers(int capability, int control, bool isAssignable)
    {
        _host.AddNic(Nic).Edit(config =>
        {
            // Behind the serial number: ACS, version 1, end of the list.
            (config[0x142], config[0x143]) = (0x01, 0x15);
            (config[0x150], config[0x151], config[0x152], config[0x153]) = (0x0D, 0x00, 0x01, 0x00);
            (config[0x154], config[0x156]) = ((byte)capability, (byte)control);
        });
        _host.AddNic("00:04.1");

        Assert.Equal(isAssignable, _host.Snapshot().Assess(Address).IsAssignable);
    }

    [Fact]
    public void What_the_iommu_cannot_tell_apart_is_a_reason_while_the_host_has_it()
    {
        _host.Dispose();
        var other = PciAddress.Parse("00:05.0");
        _host = new(new() { Groups = function => [Address, other] });
        _host.AddNic(Nic);
        _host.AddNic("00:05.0");

        Expect("iommu-group", RefusalWeight.Judgement, "the IOMMU cannot tell it from 0000:00:05.0, which stays with the host (e1000e)");
    }

    [Theory]
    [InlineData(0xf800_0800, 0x100, 0xf800_0900, 0x100, true)]
    [InlineData(0xf800_0000, 0x2000, 0xf800_1000, 0x10, true)]
    [InlineData(0xf800_0000, 0x1000, 0xf800_1000, 0x1000, false)]
    public void Memory_in_one_page_with_anothers_is_a_reason(ulong mine, ulong length, ulong theirs, ulong theirLength, bool isShared)
    {
        _host.AddNic(Nic).Resources((mine, length, 0x40200));
        _host.AddNic("00:05.0").Resources((theirs, theirLength, 0x40200));

        if (isShared)
        {
            Expect("shared-page", RefusalWeight.Judgement, "shares a 4 KiB page with 0000:00:05.0");
        }
        else
        {
            Assert.True(_host.Snapshot().Assess(Address).IsAssignable);
        }
    }

    [Fact]
    public void A_device_that_xen_says_a_guest_has_cannot_be_taken()
    {
        _host.AddNic(Nic);
        _host.Xen.CreateDomain(7);
        _host.Domains.Assign(7, Address, relaxed: false);

        Expect("owned", RefusalWeight.Impossible, "belongs to another guest");
    }

    [Fact]
    public void Without_an_iommu_a_person_has_to_insist()
    {
        _host.Dispose();
        _host = new(new() { HasIommu = false });
        _host.AddNic(Nic);

        Expect("no-iommu", RefusalWeight.Judgement, "Xen uses no IOMMU");

        // Who may write to all memory can do as much without an interrupt.
        Assert.DoesNotContain(_host.Snapshot().Assess(Address).Refusals, static refusal => refusal.Code.Contains("remapping", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_interrupt_remapping_a_person_has_to_insist()
    {
        _host.Dispose();
        _host = new(new() { HasInterruptRemapping = false });
        _host.AddNic(Nic);

        Expect("no-interrupt-remapping", RefusalWeight.Judgement, "Xen does not remap interrupts");
        Expect("no-interrupt-remapping", "boot Xen without iommu=no-intremap");
    }

    [Fact]
    public void Where_xen_does_not_say_whether_it_remaps_interrupts_that_is_said()
    {
        _host.AddNic(Nic);
        var silent = AskedDomains.Around(_host.Domains);
        silent.HidesRemapping = true;

        Assignability found = HostSnapshot.Take(_host.Bus, _host.Folder("proc"), silent.Domains).Assess(Address);

        Assert.True(found.IsAssignable);
        Assert.Contains("Xen does not say whether it remaps interrupts", Assert.Single(found.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_without_any_reset_is_taken_with_a_warning()
    {
        FakeDevice nic = _host.AddNic(Nic);
        File.Delete(nic.Path("reset"));
        File.Delete(nic.Path("reset_method"));

        using DeviceCustody custody = _host.Open();

        Assert.Contains("the kernel cannot reset it", Assert.Single(custody.Take(Address, null, force: false).Warnings), StringComparison.Ordinal);
        custody.MakeReady(Address);
    }

    [Fact]
    public void A_policy_can_demand_a_reset()
    {
        FakeDevice nic = _host.AddNic(Nic);
        File.Delete(nic.Path("reset"));
        File.Delete(nic.Path("reset_method"));
        using DeviceCustody custody = _host.Open(new([new("no-reset", RefusalWeight.Judgement)]));

        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => custody.Take(Address, null, force: false)).Failure);
    }

    [Theory]
    [InlineData("bridge", RefusalWeight.None)]
    [InlineData("owned", RefusalWeight.Warning)]
    [InlineData("siblings", RefusalWeight.Forbidden)]
    [InlineData("no-such-rule", RefusalWeight.None)]
    public void A_policy_cannot_move_what_is_no_matter_of_opinion(string code, RefusalWeight weight) =>
        Assert.Contains(code, Assert.Throws<ArgumentException>(() => new RefusalPolicy([new(code, weight)])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_policy_can_let_siblings_be()
    {
        _host.AddNic(Nic);
        _host.AddNic("00:04.1");

        Assert.True(_host.Snapshot().Assess(Address, new([new("siblings", RefusalWeight.Warning)])).IsAssignable);
        Assert.Empty(_host.Snapshot().Assess(Address, new([new("siblings", RefusalWeight.None)])).Refusals);
    }

    [Fact]
    public void Every_reason_is_told_at_once()
    {
        _host.AddNic(Nic).With("boot_vga", "1");
        _host.AddNic("00:04.1");
        using DeviceCustody custody = _host.Open();

        string message = Assert.Throws<BackendException>(() => custody.Take(Address, null, force: false)).Message;

        Assert.Contains("it is the display", message, StringComparison.Ordinal);
        Assert.Contains("0000:00:04.1", message, StringComparison.Ordinal);
    }

    private void Expect(string code, string remedy)
    {
        Assert.Contains(remedy, Assert.Single(_host.Snapshot().Assess(Address).Refusals, found => found.Code == code).Remedy, StringComparison.Ordinal);
        using DeviceCustody custody = _host.Open();
        custody.GiveBack(Address, rebind: true, force: false);
        Assert.Contains(remedy, Assert.Throws<BackendException>(() => custody.Take(Address, null, force: false)).Message, StringComparison.Ordinal);
    }

    private void Expect(string code, RefusalWeight weight, string text, string device = Nic)
    {
        var address = PciAddress.Parse(device);
        DeviceRefusal refusal = Assert.Single(_host.Snapshot().Assess(address).Refusals, found => found.Code == code);
        Assert.Equal(weight, refusal.Weight);
        Assert.Contains(text, refusal.Text, StringComparison.Ordinal);
        _host.Happened.Clear();

        using DeviceCustody custody = _host.Open();
        BackendException failure = Assert.Throws<BackendException>(() => custody.Take(address, null, force: false));
        Assert.Equal(weight == RefusalWeight.Impossible ? BackendFailure.Failed : BackendFailure.Refused, failure.Failure);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
        Assert.Equal(weight == RefusalWeight.Judgement, failure.Message.Contains("--force", StringComparison.Ordinal));
        Assert.Empty(_host.Happened);

        if (weight > RefusalWeight.Judgement)
        {
            Assert.Throws<BackendException>(() => custody.Take(address, null, force: true));
        }
        else
        {
            Assert.Contains(refusal.Text, custody.Take(address, null, force: true).Warnings);
        }
    }
}
