using System.Reflection;
using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;
using PciBackFlow.Hardware.Hypervisor.Xen.Grants;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Xen;

/// <summary>
/// Numbers and layouts of Linux's include/uapi/xen/evtchn.h and gntdev.h, computed here from what the headers say: direction none, letter,
/// number, and the size of the argument.
/// </summary>
public sealed class DeviceLayoutTests
{
    public static TheoryData<uint, char, uint, int> Requests => new()
    {
        { EventChannelControl.BindInterdomain, 'E', 1, Marshal.SizeOf<EventChannelControl.InterdomainArgument>() }, // two unsigned int
        { EventChannelControl.BindUnboundPort, 'E', 2, Marshal.SizeOf<EventChannelControl.UnboundPortArgument>() }, // one unsigned int
        { EventChannelControl.Unbind, 'E', 3, Marshal.SizeOf<EventChannelControl.PortArgument>() }, // one unsigned int
        { EventChannelControl.Notify, 'E', 4, Marshal.SizeOf<EventChannelControl.PortArgument>() }, // one unsigned int
        { EventChannelControl.Reset, 'E', 5, 0 },
        { GrantControl.MapReference, 'G', 0, Marshal.SizeOf<GrantControl.MapArgument>() }, // struct ioctl_gntdev_map_grant_ref with refs[1]
        { GrantControl.UnmapReference, 'G', 1, Marshal.SizeOf<GrantControl.UnmapArgument>() }, // struct ioctl_gntdev_unmap_grant_ref
    };

    public static TheoryData<Type, int, string> Layouts => new()
    {
        { typeof(EventChannelControl.InterdomainArgument), 8, "RemoteDomain@0:4 RemotePort@4:4" },
        { typeof(EventChannelControl.UnboundPortArgument), 4, "RemoteDomain@0:4" },
        { typeof(EventChannelControl.PortArgument), 4, "Port@0:4" },
        { typeof(GrantControl.MapArgument), 24, "Count@0:4 Index@8:8 DomainId@16:4 Reference@20:4" },
        { typeof(GrantControl.UnmapArgument), 16, "Index@0:8 Count@8:4" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_is_made_of_size_letter_and_number(uint request, char letter, uint number, int size) =>
        Assert.Equal(((uint)size << 16) | ((uint)letter << 8) | number, request);

    [Theory]
    [MemberData(nameof(Layouts))]
    public void An_argument_lies_as_the_kernel_reads_it(Type argument, int size, string fields)
    {
        Assert.Equal(size, Marshal.SizeOf(argument));
        Assert.Equal(fields, string.Join(' ', argument.GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
            .Select(field => $"{field.Name}@{Marshal.OffsetOf(argument, field.Name)}:{Marshal.SizeOf(field.FieldType)}")));
    }

    [Fact]
    public void The_limits_are_those_of_the_kernel_and_the_protocol()
    {
        Assert.Equal(0x7FF0u, EventChannelControl.Self); // DOMID_SELF
        Assert.Equal(4096, EventChannelControl.MostBytes); // PAGE_SIZE in evtchn_read and evtchn_write
        Assert.Equal((16, 4096, 4080), (XenStoreWire.HeaderBytes, XenStoreWire.MostPayload, XenStoreWire.MostRequestPayload));
    }

    // xen/include/public/io/xs_wire.h enum xsd_sockmsg_type: all that are declared.
    [Fact]
    public void Every_xenstore_message_type_has_the_protocols_number() => Assert.Equal(
        "Directory 1, Read 2, GetPermissions 3, Watch 4, Unwatch 5, TransactionStart 6, TransactionEnd 7, Write 11, MakeDirectory 12, "
            + "Remove 13, SetPermissions 14, "
        + "WatchEvent 15, Error 16, DirectoryPart 22",
        string.Join(", ", Enum.GetValues<XenStoreMessageType>().Select(type => $"{type} {(uint)type}")));

    [Fact]
    public void Without_Xen_each_part_says_what_is_missing()
    {
        if (File.Exists("/dev/xen/evtchn"))
        {
            Assert.Skip("this is a Xen domain");
        }

        foreach (Action open in new Action[] { () => XenEventChannels.Open(), () => XenGrantTable.Open(), () => XenStoreConnection.Open() })
        {
            HypervisorException e = Assert.Throws<HypervisorException>(open);
            Assert.Equal(Errno.ENOENT, e.Errno);
            Assert.Contains("/dev/xen/", e.Message, StringComparison.Ordinal);
            Assert.Contains("Xen domain", e.Message, StringComparison.Ordinal);
        }
    }
}
