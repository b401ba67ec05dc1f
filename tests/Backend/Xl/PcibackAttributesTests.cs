using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Xl;

public sealed class PcibackAttributesTests : IDisposable
{
    private const int NoEntry = 2;
    private const int Io = 5;
    private const int NoMemory = 12;
    private const int Busy = 16;
    private const int NoDevice = 19;
    private const int Invalid = 22;

    private readonly ListedCustody _custody = new("0000:00:04.0");
    private readonly PcibackSettings _settings = new();
    private readonly PcibackAttributes _attributes;

    public PcibackAttributesTests() => _attributes = new(_custody, _settings, NullLogger.Instance);

    public void Dispose() => _custody.Dispose();

    [Fact]
    public void What_libxl_writes_to_make_a_device_assignable_takes_it()
    {
        Assert.Equal(0, Write("new_slot", "0000:00:05.0"));
        Assert.Equal("0000:00:04.0\n0000:00:05.0\n", Read("slots"));
        Assert.Equal(0, Write("bind", "0000:00:05.0"));

        Assert.Equal(["take 0000:00:05.0"], _custody.Asked);
        Assert.Equal(["0000:00:04.0", "0000:00:05.0"], _attributes.Held().Select(address => address.ToString()));
    }

    [Fact]
    public void What_libxl_writes_to_give_a_device_back_releases_it_without_a_driver()
    {
        Assert.Equal(0, Write("remove_slot", "0000:00:04.0"));

        Assert.Equal(["give back 0000:00:04.0"], _custody.Asked);
        Assert.Equal("", Read("slots"));
        Assert.Equal(NoEntry, Write("remove_slot", "0000:00:04.0"));
    }

    [Fact]
    public void A_device_that_is_unbound_keeps_its_slot_as_in_Linux()
    {
        Assert.Equal(0, Write("unbind", "0000:00:04.0"));

        Assert.Equal(["give back 0000:00:04.0"], _custody.Asked);
        Assert.Empty(_attributes.Held());
        Assert.Equal("0000:00:04.0\n", Read("slots"));
        Assert.Equal(0, Write("remove_slot", "0000:00:04.0"));
    }

    [Fact]
    public void Binding_a_held_device_again_keeps_its_name()
    {
        Assert.Equal(0, Write("bind", "0000:00:04.0"));

        Assert.Empty(_custody.Asked);
        Assert.Equal("named", _custody.Held().Single().Name);
    }

    [Fact]
    public void Libxls_reset_is_custodys()
    {
        Assert.Equal(0, Write("do_flr", "0000:00:04.0"));

        Assert.Equal(["reset 0000:00:04.0"], _custody.Asked);
    }

    // Linux's errors, by attribute and text (drivers/xen/xen-pciback/pci_stub.c).
    [Theory]
    [InlineData("new_slot", "", Invalid)]
    [InlineData("new_slot", "00:04", Invalid)]
    [InlineData("new_slot", "00:04.8", Invalid)]
    [InlineData("new_slot", "00:20.0", Invalid)]
    [InlineData("new_slot", "100:00.0", Invalid)]
    [InlineData("new_slot", "10000:00:04.0", Invalid)]
    [InlineData("new_slot", "00:04.0 x", Invalid)]
    [InlineData("new_slot", "00:*.0", Invalid)]
    [InlineData("new_slot", " 00:04.0 \n", 0)]
    [InlineData("new_slot", "0001:02:*.*", 0)]
    [InlineData("new_slot", "0:4.0", 0)]
    [InlineData("new_slot", "0x0:0X04.00", 0)]
    [InlineData("new_slot", "02:03.*", 0)]
    [InlineData("remove_slot", "02:03.*", NoEntry)]
    [InlineData("remove_slot", "00:*.*", 0)]
    [InlineData("bind", "0000:00:05.0", NoDevice)]
    [InlineData("bind", "00:04.*", NoDevice)]
    [InlineData("bind", "garbage", Invalid)]
    [InlineData("unbind", "0000:00:05.0", NoDevice)]
    [InlineData("do_flr", "0000:00:05.0", NoDevice)]
    [InlineData("permissive", "0000:00:05.0", NoDevice)]
    [InlineData("permissive", "0000:00:04.*", NoDevice)]
    [InlineData("permissive", "00:04.0\n", 0)]
    [InlineData("allow_interrupt_control", "00:04.0", 0)]
    [InlineData("allow_interrupt_control", "00:05.0", NoDevice)]
    [InlineData("irq_handler_state", "00:04.0", 0)]
    [InlineData("irq_handler_state", "00:05.0", NoEntry)]
    [InlineData("quirks", "00:04.0-e0:2:ffff", 0)]
    [InlineData("quirks", "00:05.0-e0:2:ffff", NoDevice)]
    [InlineData("quirks", "00:04.0-e0:3:ffff", Invalid)]
    [InlineData("quirks", "00:04.0-e0:2:1ffff", Invalid)]
    [InlineData("quirks", "\u00ff", Invalid)]
    public void Every_write_is_answered_as_Linux_does(string attribute, string text, int error) => Assert.Equal(error, Write(attribute, text));

    [Theory]
    [InlineData(BackendFailure.Refused, Busy)]
    [InlineData(BackendFailure.Malformed, Invalid)]
    [InlineData(BackendFailure.Failed, Io)]
    public void A_refusal_reaches_the_writer_as_an_error(BackendFailure failure, int error)
    {
        Write("new_slot", "00:05.0");
        _custody.Refusal = new(failure, "a reason");

        Assert.Equal(error, Write("bind", "00:05.0"));
        Assert.Equal(error, Write("remove_slot", "00:04.0"));
        Assert.Equal(["0000:00:04.0"], _attributes.Held().Select(address => address.ToString()));
    }

    [Fact]
    public void Slots_wanted_without_end_are_refused()
    {
        for (int bus = 0; bus < 16; bus++)
        {
            Assert.Equal(0, Write("new_slot", $"{bus + 1:x2}:*.*"));
        }

        Assert.Equal(NoMemory, Write("new_slot", "80:00.0"));
        Assert.Equal(0, Write("new_slot", "01:00.0"));
    }

    [Fact]
    public void Quirk_fields_are_listed_and_bounded()
    {
        Assert.Equal(0, Write("quirks", "00:04.0-e0:2:ff0f"));
        Assert.Equal(0, Write("quirks", "00:04.0-e0:4:1"));

        Assert.StartsWith("00:04.0\n", Read("quirks"), StringComparison.Ordinal);
        Assert.EndsWith("\t\t000000e0:2:0000ff0f\n", Read("quirks"), StringComparison.Ordinal);
        for (int register = 0; register < PcibackSettings.MaxQuirks - 1; register++)
        {
            Assert.Equal(0, Write("quirks", $"00:04.0-{0x100 + register:x}:1:1"));
        }

        Assert.Equal(NoMemory, Write("quirks", "00:04.0-e8:1:1"));
    }

    [Fact]
    public void Per_device_flags_are_listed_and_end_when_the_device_is_given_back()
    {
        Write("permissive", "00:04.0");
        Write("allow_interrupt_control", "00:04.0");
        Assert.Equal("0000:00:04.0\n", Read("permissive"));
        Assert.Equal("0000:00:04.0\n", Read("allow_interrupt_control"));
        Assert.Equal("0000:00:04.0:off:not acking:0\n", Read("irq_handlers"));

        Write("unbind", "00:04.0");
        Write("bind", "00:04.0");

        Assert.Equal("", Read("permissive"));
        Assert.False(_settings.IsPermissive(PciAddress.Parse("00:04.0")));
    }

    private int Write(string attribute, string text) => (int)_attributes.Write(_attributes.All.Single(one => one.Name == attribute), text);

    private string Read(string attribute) => _attributes.All.Single(one => one.Name == attribute).Read!();
}
