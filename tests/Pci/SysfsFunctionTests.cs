using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Sysfs;
using PciBackFlow.Pci.Tests.Capabilities;

namespace PciBackFlow.Pci.Tests;

public sealed class SysfsFunctionTests : IDisposable
{
    private static readonly PciAddress Address = new(0, 3, 0, 1);
    private readonly string _root = Directory.CreateTempSubdirectory("pcibackflow-sysfs-").FullName;

    public void Dispose() => Directory.Delete(_root, true);

    private string Device(int size = 256)
    {
        string directory = Directory.CreateDirectory(Path.Combine(_root, Address.ToString())).FullName;
        byte[] config = CapabilityWalkTests.Space("00=34127856 04=0600 34=40 40=0100 42=0302", 4096)[..size];
        File.WriteAllBytes(Path.Combine(directory, "config"), config);
        Write(directory, "vendor", "0x1234\n");
        Write(directory, "device", "0x5678\n");
        Write(directory, "class", "0x020000\n");
        Write(directory, "irq", "17\n");
        Write(directory, "enable", "0\n");
        Write(directory, "reset", "");
        Write(directory, "reset_method", "flr pm\n");
        Write(directory, "resource",
            "0x00000000f0000000 0x00000000f000ffff 0x0000000000040200\n0x000000000000e000 0x000000000000e01f 0x0000000000040101\n"
            + "0x0000000380000000 0x00000003ffffffff 0x000000000014220c\n" + "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
            + "0x0000000000000000 0x0000000000000fff 0x0000000020040200\n" + "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
            + "0x00000000fe000000 0x00000000fe01ffff 0x0000000000046200\n");
        return directory;
    }

    private static void Write(string directory, string file, string text) => File.WriteAllText(Path.Combine(directory, file), text);

    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(4096)]
    public void The_files_length_is_the_spaces_size(int size)
    {
        Device(size);
        using var function = SysfsFunction.Open(Address, false, _root);
        Assert.Equal((size, size), (function.Size, function.ReadableSize));
        Assert.True(function.TryRead(size - 4, 4, out _));
        Assert.False(function.TryRead(size, 4, out uint value));
        Assert.Equal(0xFFFFFFFFu, value);
    }

    [Fact]
    public void Files_tell_ids_interrupt_and_resources()
    {
        Device();
        using var function = SysfsFunction.Open(Address, false, _root);
        Assert.Equal((0x1234, 0x5678, 17), (function.VendorId, function.DeviceId, function.InterruptLine));
        Assert.Equal("sysfs 0000:03:00.1", function.Origin);
        Assert.Equal(new BaseAddress(0xF0000000, 0x10000, 0), function.BaseAddresses[0]);
        Assert.Equal(new BaseAddress(0xE000, 0x20, 1), function.BaseAddresses[1]);
        Assert.Equal(new BaseAddress(0x3_8000_0000, 0x8000_0000, 0xC), function.BaseAddresses[2]);
        Assert.False(function.BaseAddresses[4].IsPresent); // not assigned
        Assert.Equal(new BaseAddress(0xFE000000, 0x20000, 0), function.BaseAddresses[6]);
    }

    // Legacy IDE: LEGACY_IO_RESOURCE of Linux drivers/pci/probe.c.
    [Fact]
    public void A_resource_that_no_register_holds_is_told_apart()
    {
        Write(Device(), "resource", "0x00000000000001f0 0x00000000000001f7 0x0000000000000110\n0x00000000000003f6 0x00000000000003f6 0x0000000000000110\n"
            + "0x000000000000c040 0x000000000000c04f 0x0000000000000101\n");
        using var function = SysfsFunction.Open(Address, false, _root);
        Assert.Equal(new BaseAddress(0x1F0, 8, 1) { IsFixed = true }, function.BaseAddresses[0]);
        Assert.Equal(new BaseAddress(0x3F6, 1, 1) { IsFixed = true }, function.BaseAddresses[1]);
        Assert.Equal(new BaseAddress(0xC040, 0x10, 1), function.BaseAddresses[2]);
    }

    [Fact]
    public void A_virtual_functions_ids_come_from_their_files()
    {
        string directory = Device();
        File.WriteAllBytes(Path.Combine(directory, "config"), CapabilityWalkTests.Space("00=ffffffff", 256));
        Directory.CreateDirectory(Path.Combine(_root, "0000:03:00.0"));
        Directory.CreateSymbolicLink(Path.Combine(directory, "physfn"), "../0000:03:00.0");
        using var function = SysfsFunction.Open(Address, false, _root);
        Assert.True(function.IsVirtualFunction);
        Assert.Equal((0x1234, 0x5678), (function.VendorId, function.DeviceId));
        Assert.True(PciDevices.TryDescribe(Address, out HostFunction? described, _root));
        Assert.Equal(new PciAddress(0, 3, 0, 0), described.PhysicalFunction);
    }

    [Fact]
    public void Opened_read_only_nothing_reaches_the_device()
    {
        string directory = Device();
        using var function = SysfsFunction.Open(Address, false, _root);
        Assert.False(function.TryWrite(4, 2, 0));
        Assert.False(function.TryEnable());
        Assert.False(function.TrySetPowerState(3));
        Assert.False(function.TryReset());
        Assert.Equal(6, File.ReadAllBytes(Path.Combine(directory, "config"))[4]);
        Assert.Equal("", File.ReadAllText(Path.Combine(directory, "reset")));
    }

    [Fact]
    public void Opened_writable_it_writes_resets_enables_and_changes_power()
    {
        string directory = Device();
        using var function = SysfsFunction.Open(Address, true, _root);
        Assert.True(function.TryWrite(4, 2, 0x0102));
        Assert.Equal([0x02, 0x01], File.ReadAllBytes(Path.Combine(directory, "config"))[4..6]);
        Assert.True(function.TryReset());
        Assert.Equal("1", File.ReadAllText(Path.Combine(directory, "reset")));
        Assert.True(function.TryEnable());
        Assert.StartsWith("1", File.ReadAllText(Path.Combine(directory, "enable")), StringComparison.Ordinal);
        Assert.False(function.TrySetPowerState(2)); // PMC says D1 only
        Assert.True(function.TrySetPowerState(3));
        Assert.Equal(3, File.ReadAllBytes(Path.Combine(directory, "config"))[0x44]);
        Assert.False(function.TrySetPowerState(1));
        Assert.True(function.TrySetPowerState(0));
        File.Delete(Path.Combine(directory, "reset"));
        Assert.False(function.TryReset());
    }

    [Fact]
    public void An_access_allocates_nothing()
    {
        Device();
        using var function = SysfsFunction.Open(Address, true, _root);
        Assert.Equal(0, Allocation.Of(function));
    }

    [Fact]
    public void A_missing_function_is_refused_by_name()
    {
        IOException error = Assert.Throws<IOException>(() => SysfsFunction.Open(Address, false, _root));
        Assert.Contains("0000:03:00.1", error.Message, StringComparison.Ordinal);
        Assert.False(PciDevices.TryDescribe(Address, out _, _root));
        Assert.Empty(PciDevices.List(Path.Combine(_root, "absent")));
    }

    [Fact]
    public void A_listing_tells_what_the_host_says()
    {
        Device();
        Directory.CreateDirectory(Path.Combine(_root, "no-address"));
        HostFunction function = Assert.Single(PciDevices.List(_root));
        Assert.Equal(Address, function.Address);
        Assert.Equal(["flr", "pm"], function.ResetMethods);
        Assert.Equal(0x020000u, function.ClassCode);
        Assert.True(function.CanReset);
        Assert.Null(function.Driver);
        Assert.Equal(CapabilityId.PowerManagement, Assert.Single(function.Capabilities.Capabilities).StandardId);
    }

    [Fact]
    public void This_hosts_functions_can_be_listed()
    {
        if (PciDevices.Addresses().Count == 0)
        {
            Assert.Skip("needs a host with PCI");
        }

        foreach (HostFunction function in PciDevices.List())
        {
            Assert.True(function.ReadableSize is 0 or 64 or 128 or 256 or 4096);
        }
    }

    [Fact]
    public void Names_come_from_a_file_of_ids()
    {
        string file = Path.Combine(_root, "pci.ids");
        File.WriteAllText(
            file,
            "# ids\n1234  Some Vendor\n\t5678  Some Device\n\t\t1af4 1100  Some Card\nffff  Illegal\nC 02  Network controller\n\t00  Ethernet controller\n");
        var ids = new PciIds(file);
        Assert.Equal("Some Vendor", ids.Vendor(0x1234));
        Assert.Equal("Some Device", ids.Device(0x1234, 0x5678));
        Assert.Equal("Ethernet controller", ids.Class(0x020000));
        Assert.Equal("Network controller", ids.Class(0x02FF00));
        Assert.Null(ids.Device(0x1234, 0x0001));
        Assert.Null(ids.Vendor(0x0001));
        Assert.Null(new PciIds(Path.Combine(_root, "absent")).Vendor(0x1234));
    }
}
