using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Backend.Tests.Devices.Refusals;

/// <summary>
/// Who of the host is on a device's interrupt line when it is taken. A level line is kept asserted, or left unacknowledged, by whoever has one device on it.
/// </summary>
public sealed class LineRefusalTests : IDisposable
{
    private static readonly PciAddress Address = PciAddress.Parse("0000:00:04.0");

    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(
        "           CPU0       CPU1\n 21:       12          0   IO-APIC   21-fasteoi   ehci_hcd:usb1, eth0\n",
        "interrupt line 21 is shared with ehci_hcd:usb1, eth0")]
    [InlineData(
        "           CPU0\n 21:      1234  xen-pirq    -ioapic-level  ahci[0000:00:02.0], eth0\n",
        "interrupt line 21 is shared with ahci[0000:00:02.0], eth0")]
    [InlineData("           CPU0\n 21:      1234  xen-pirq    -ioapic-level  eth0\n", null)]
    [InlineData("           CPU0\nNMI:   0   Non-maskable interrupts\n", null)]
    [InlineData("", null)]
    public void A_line_on_which_others_of_the_host_listen_is_refused(string interrupts, string? reason)
    {
        Assert.Equal(21, _host.AddNic("00:04.0").Gsi);
        _host.Proc("interrupts", interrupts);

        Assert.Equal(reason is null ? [] : [SharedLineRule.Describe(reason)], _host.Snapshot().Assess(Address).Reasons);
    }

    [Theory] // The handlers of the line, and whether the one that listens can be the driver's own.
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_driver_that_uses_messages_is_not_the_one_that_listens(bool usesMessages, bool isOwn)
    {
        EnableMessages(_host.AddNic("00:04.0"), usesMessages ? CapabilityId.MsiX : null);
        _host.Proc("interrupts", "           CPU0\n 21:      1234  xen-pirq    -ioapic-level  eth0\n");

        Assert.Equal(isOwn, _host.Snapshot().Assess(Address).IsAssignable);
    }

    [Fact]
    public void A_function_of_the_host_on_the_same_line_is_a_reason_until_a_person_insists()
    {
        OnTheLine("e1000e");
        using DeviceCustody custody = _host.Open();

        BackendException refused = Assert.Throws<BackendException>(() => custody.Take(Address, null, force: false));

        Assert.Equal(BackendFailure.Refused, refused.Failure);
        Assert.Contains("interrupt line 21 is shared with 0000:00:05.0 (e1000e)", refused.Message, StringComparison.Ordinal);
        Assert.Contains(SharedLineRule.Remedy, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--force", refused.Message, StringComparison.Ordinal);
        Assert.Empty(custody.Held());
        Assert.Equal(
            [SharedLineRule.Describe("interrupt line 21 is shared with 0000:00:05.0 (e1000e)")], custody.Take(Address, null, force: true).Warnings);
    }

    [Theory]
    [InlineData(CapabilityId.Msi)]
    [InlineData(CapabilityId.MsiX)]
    public void One_whose_driver_uses_messages_is_none(CapabilityId messages)
    {
        EnableMessages(OnTheLine("e1000e"), messages);
        using DeviceCustody custody = _host.Open();

        Assert.Empty(custody.Take(Address, null, force: false).Warnings);
    }

    [Fact]
    public void One_that_does_not_answer_is_not_known_to_use_messages()
    {
        OnTheLine("e1000e").Pull();

        Assert.False(_host.Snapshot().Assess(Address).IsAssignable);
    }

    [Fact]
    public void One_without_a_driver_and_one_that_is_held_are_none()
    {
        OnTheLine(driver: null);
        using DeviceCustody custody = _host.Open();

        Assert.Empty(custody.Take(Address, null, force: false).Warnings);
        Assert.Empty(custody.Take(PciAddress.Parse("00:05.0"), null, force: false).Warnings);
    }

    // Only an enabled function has its line routed: before, its number may be that of another controller.
    [Fact]
    public void A_line_that_shows_only_when_the_device_is_enabled_is_refused_then_and_everything_undone()
    {
        FakeDevice other = OnTheLine("e1000e");
        _host["00:04.0"].With("irq", "10");
        Assert.True(_host.Snapshot().Assess(Address).IsAssignable);
        using DeviceCustody custody = _host.Open();

        BackendException refused = Assert.Throws<BackendException>(() => custody.Take(Address, null, force: false));

        Assert.Equal(BackendFailure.Refused, refused.Failure);
        Assert.Contains($"interrupt line 21 is shared with {other.Address} (e1000e)", refused.Message, StringComparison.Ordinal);
        Assert.Contains(SharedLineRule.Remedy, refused.Message, StringComparison.Ordinal);
        Assert.Equal("e1000e", _host["00:04.0"].Driver);
        Assert.Empty(custody.Held());
    }

    [Theory]
    [InlineData(RefusalWeight.Warning, true)]
    [InlineData(RefusalWeight.None, false)]
    public void An_administrator_can_make_it_a_warning_or_nothing(RefusalWeight weight, bool isSaid)
    {
        OnTheLine("e1000e");
        using DeviceCustody custody = _host.Open(new([new("shared-line", weight)]));

        Assert.Equal(isSaid ? 1 : 0, custody.Take(Address, null, force: false).Warnings.Count);
    }

    [Fact]
    public void What_a_person_accepted_is_not_asked_again_when_a_guest_gets_it()
    {
        OnTheLine("e1000e");
        using (DeviceCustody custody = _host.Open())
        {
            custody.Take(Address, null, force: true);
            Assert.Empty(custody.HostUsersOfLine(Address));
        }

        // Nor by the next program.
        using DeviceCustody next = _host.Open();
        Assert.Empty(next.HostUsersOfLine(Address));
    }

    [Fact]
    public void A_driver_that_came_to_the_line_later_is_seen_when_a_guest_gets_the_device()
    {
        FakeDevice other = OnTheLine(driver: null);
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);
        Assert.Empty(custody.HostUsersOfLine(Address));

        _host.Bind("00:05.0", "e1000e");

        Assert.Equal([$"interrupt line 21 is shared with {other.Address} (e1000e)"], custody.HostUsersOfLine(Address));
        Assert.Empty(custody.HostUsersOfLine(other.Address));
    }

    private FakeDevice OnTheLine(string? driver)
    {
        Assert.Equal(21, _host.AddNic("00:04.0").Gsi);
        FakeDevice other = _host.AddNic("00:05.0", driver).With("irq", "21");
        other.Gsi = 21;
        EnableMessages(other, null);
        return other;
    }

    // PCI Local Bus 3.0 §6.8.1.3, §6.8.2.3: Message Control, bit 0 of MSI, bit 15 of MSI-X.
    private static void EnableMessages(FakeDevice device, CapabilityId? which)
    {
        byte[] config = device.Config;
        for (int at = config[0x34]; at != 0; at = config[at + 1])
        {
            if (config[at] == (byte)CapabilityId.Msi)
            {
                device.Set(at + 2, (ushort)((device.Word(at + 2) & ~1) | (which == CapabilityId.Msi ? 1 : 0)));
            }
            else if (config[at] == (byte)CapabilityId.MsiX)
            {
                device.Set(at + 2, (ushort)((device.Word(at + 2) & 0x7FFF) | (which == CapabilityId.MsiX ? 0x8000 : 0)));
            }
        }
    }
}
