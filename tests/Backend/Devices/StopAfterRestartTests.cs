using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>The program restarts while a guest has a device: who stops it, and when.</summary>
public sealed class StopAfterRestartTests : IDisposable
{
    private const string Nic = "0000:03:00.0";
    private const int Command = 0x04;

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    private readonly FakeHost _host = new();

    public StopAfterRestartTests()
    {
        _host.AddPort("0000:00:1c.0");
        _host.AddNic(Nic, "e1000e", "0000:00:1c.0");
        using DeviceCustody before = _host.Open();
        before.Take(Address, name: null, force: false);
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void What_a_guest_did_before_the_restart_is_cleaned_when_it_leaves_after_it()
    {
        _host[Nic].Set(Command, 0x0507);
        using DeviceCustody custody = _host.Open();

        Assert.True(custody.Functions.Claim(5, Address).IsGranted);
        custody.Functions.Release(5, Address);

        Assert.Equal(0x0103, _host[Nic].Word(Command));
    }

    [Fact]
    public void A_guests_device_that_an_earlier_program_served_is_made_quiet_once_and_only_when_asked()
    {
        _host.Xen.CreateDomain(5);
        _host.Domains.Assign(5, Address, relaxed: false);
        _host[Nic].Set(Command, 0x0507);
        using DeviceCustody custody = _host.Open();
        int before = _host[Nic].Resets.Count;
        Assert.Equal(0x0507, _host[Nic].Word(Command));

        custody.Stop(Address);
        custody.Stop(Address);

        Assert.Equal((0x0103, before + 1), (_host[Nic].Word(Command), _host[Nic].Resets.Count));
        Assert.Equal(5, _host.Passthrough.OwnerOf(Address));

        // What its guest can still reach is not clean for whoever comes next.
        _host.Domains.Deassign(5, Address);
        custody.GiveBack(Address, rebind: true, force: false);
        Assert.Equal(before + 2, _host[Nic].Resets.Count);
    }

    /// <summary>xl detaches, and nobody here serves the guest: only libxl's own reset can stop the device before its memory is revoked.</summary>
    [Fact]
    public void Libxls_reset_stops_a_guests_device_that_nobody_serves()
    {
        _host.Xen.CreateDomain(5);
        _host.Domains.Assign(5, Address, relaxed: false);
        _host[Nic].Set(Command, 0x0507);
        using DeviceCustody custody = _host.Open();
        PcibackAttributes attributes = new(custody, new PcibackSettings(), _host.Lines);

        Assert.Equal(Errno.None, attributes.Write(attributes.All.Single(static attribute => attribute.Name == "do_flr"), Nic));

        Assert.Equal((0x0103, 5), (_host[Nic].Word(Command), _host.Passthrough.OwnerOf(Address)));
        _host[Nic].Set(Command, 0x0507);
        Assert.Equal(Errno.None, attributes.Write(attributes.All.Single(static attribute => attribute.Name == "do_flr"), Nic));
        Assert.Equal(0x0103, _host[Nic].Word(Command));
    }

    [Fact]
    public void What_a_guest_uses_or_has_let_go_is_not_made_quiet_again()
    {
        using DeviceCustody custody = _host.Open();
        custody.MakeReady(Address);
        int before = _host[Nic].Resets.Count;
        custody.Stop(Address);
        Assert.True(custody.Functions.Claim(5, Address).IsGranted);
        custody.Stop(Address);
        custody.Functions.Release(5, Address);
        custody.Stop(Address);
        custody.Stop(PciAddress.Parse("09:00.0"));

        Assert.Equal(before, _host[Nic].Resets.Count);
    }

    [Fact]
    public void A_guests_device_that_cannot_be_made_quiet_is_said_to_be_and_is_tried_again()
    {
        _host.Xen.CreateDomain(5);
        _host.Domains.Assign(5, Address, relaxed: false);
        using DeviceCustody custody = _host.Open();
        _host.FailAt = 0;

        Assert.Contains("could not reset", Assert.Throws<BackendException>(() => custody.Stop(Address)).Message, StringComparison.Ordinal);
        custody.Stop(Address);
        Assert.Null(Assert.Single(custody.Held()).Unusable);
    }
}
