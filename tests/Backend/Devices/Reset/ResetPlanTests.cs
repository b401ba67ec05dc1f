using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Reset;

public sealed class ResetPlanTests : IDisposable
{
    private const string Nic = "0000:03:00.0";

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    private readonly FakeHost _host = new();

    public ResetPlanTests()
    {
        _host.AddPort("0000:00:1c.0");
        _host.AddNic(Nic, "e1000e", "0000:00:1c.0");
    }

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("pm bus", "", "pm bus")]
    [InlineData("flr pm bus", "", "flr pm bus")]
    [InlineData("flr pm bus", "bus flr", "bus flr")]
    [InlineData("pm bus", "flr", "")]
    [InlineData("quantum", "", "quantum")]
    public void The_kernels_order_holds_unless_an_administrator_has_another(string offered, string wanted, string usable)
    {
        Offer(offered);

        var plan = ResetPlan.For(_host.Bus, Address, wanted.Length == 0 ? null : wanted.Split(' '));

        Assert.Equal(usable, string.Join(' ', plan.Usable.Select(static method => method.Name)));
        Assert.Equal(usable.Length > 0, plan.IsPossible);
    }

    [Fact]
    public void A_bus_reset_is_used_only_for_a_function_that_is_alone_on_its_bus()
    {
        _host.AddNic("03:01.0", driver: null, "00:1c.0");
        Offer("bus");

        var plan = ResetPlan.For(_host.Bus, Address);

        Assert.False(plan.IsPossible);
        Assert.Contains(
            "bus (secondary bus reset: everything on its bus, at least 1 s): not used, it would reset 0000:03:01.0 too", plan.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_that_does_not_say_how_is_left_to_choose()
    {
        File.Delete(_host[Nic].Path("reset_method"));

        Assert.Equal("reset", Assert.Single(ResetPlan.For(_host.Bus, Address).Usable).Name);
        Assert.False(ResetPlan.For(_host.Bus, Address, []).IsPossible);
    }

    [Fact]
    public void A_plan_reads_as_what_would_happen_and_nothing_happens()
    {
        Offer("flr bus");
        string text = ResetPlan.For(_host.Bus, Address).ToString();

        Assert.Equal(
            """
            0000:03:00.0: bus mastering off, wait for pending transactions, then
              flr (function level reset (PCI Express): this function alone, at least 100 ms): tried first
              bus (secondary bus reset: everything on its bus, at least 1 s): tried if those before it do not work
            """, text);
        Assert.Empty(_host.Happened);
    }

    [Fact]
    public void Without_any_method_the_plan_says_what_that_means()
    {
        File.Delete(_host[Nic].Path("reset_method"));
        File.Delete(_host[Nic].Path("reset"));

        Assert.Contains("what one guest leaves in the device the next one finds", ResetPlan.For(_host.Bus, Address).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_method_an_administrator_wants_is_used_and_the_kernels_list_is_as_before()
    {
        _host.WantedResets[Address] = ["bus"];
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);

        Assert.Equal(["bus"], _host[Nic].Resets);
        Assert.Equal("pm bus", _host[Nic].Text("reset_method"));
    }

    [Fact]
    public void The_list_an_administrator_gave_the_kernel_itself_is_kept()
    {
        Offer("flr pm bus");
        _host.Bus.Write(Address, "reset_method", "pm");
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);

        Assert.Equal(["pm"], _host[Nic].Resets);
        Assert.Equal("pm", _host[Nic].Text("reset_method"));
    }

    [Fact]
    public void A_device_that_loses_its_addresses_in_a_reset_gets_them_back()
    {
        byte[] before = _host[Nic].Config;
        _host[Nic].OnReset = static device => device.Edit(static config => config.AsSpan(0x10, 24).Clear());
        using DeviceCustody custody = _host.Open();
        custody.Take(Address, null, force: false);

        Assert.Equal(before[0x10..0x28], _host[Nic].Config[0x10..0x28]);
    }

    [Fact]
    public void A_device_that_does_not_come_back_from_its_reset_is_not_held()
    {
        byte[] before = _host[Nic].Config;
        _host[Nic].OnReset = static device => device.Pull();
        using DeviceCustody custody = _host.Open();

        BackendException failure = Assert.Throws<BackendException>(() => custody.Take(Address, null, force: true));

        Assert.Contains("it does not answer after the reset", failure.Message, StringComparison.Ordinal);
        Assert.Contains("not undone", failure.Message, StringComparison.Ordinal);
        Assert.Empty(custody.Held());
        Assert.NotEqual(before, _host[Nic].Config);
    }

    [Fact]
    public void A_reset_that_the_kernel_fails_is_refused_until_a_person_insists_and_then_accepted_between_guests()
    {
        _host[Nic].OnReset = static _ => throw new IOException("Inappropriate ioctl for device");
        using DeviceCustody custody = _host.Open();

        BackendException failure = Assert.Throws<BackendException>(() => custody.Take(Address, null, force: false));
        Assert.Equal(BackendFailure.Refused, failure.Failure);
        Assert.Contains("could not reset it (pm, bus)", failure.Message, StringComparison.Ordinal);
        Assert.Equal("e1000e", _host[Nic].Driver);

        Assert.Contains("could not reset it", Assert.Single(custody.Take(Address, null, force: true).Warnings), StringComparison.Ordinal);
        custody.MakeReady(Address);
        Assert.True(custody.Functions.Claim(5, Address).IsGranted);
    }

    private void Offer(string methods)
    {
        _host[Nic].ResetMethods = methods.Split(' ');
        _host[Nic].With("reset_method", methods);
    }
}
