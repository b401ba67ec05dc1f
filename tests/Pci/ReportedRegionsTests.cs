using System.Text;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Tests.Shared;

namespace PciBackFlow.Pci.Tests;

/// <summary>
/// A capture is not its registers: what the system said beside them. The lines are those of lspci 3.5 (<c>[virtual]</c> before), 3.7 and later (behind), with
/// <c>-v</c> and <c>-vv</c>.
/// </summary>
public class ReportedRegionsTests
{
    private const string VirtualFunction = "00=ffffffff 0a=0002 06=1000";
    private const string Ide = "00=86801070 08=01800101 20=41c00000";

    [Theory]
    // SR-IOV: no register holds anything.
    [InlineData(VirtualFunction, "Region 0: [virtual] Memory at d0000000 (64-bit, non-prefetchable) [size=16K]", 0, 0xD0000000, 16 << 10, 4)]
    [InlineData(VirtualFunction, "Region 0: Memory at d0000000 (64-bit, non-prefetchable) [virtual] [size=16K]", 0, 0xD0000000, 16 << 10, 4)]
    [InlineData(VirtualFunction, "Region 3: Memory at 2000d0000000 (64-bit, prefetchable) [virtual] [size=16K]", 3, 0x2000D0000000, 16 << 10, 0xC)]
    [InlineData(VirtualFunction, "[virtual] Memory at d0000000 (64-bit, prefetchable) [size=1M]|"
        + "[virtual] Memory at d1000000 (64-bit, prefetchable) [size=16K]", 2, 0xD1000000, 16 << 10, 0xC)]
    [InlineData(VirtualFunction, "Memory at d0000000 (32-bit, non-prefetchable) [virtual] [size=4K]|"
        + "Memory at d1000000 (32-bit, non-prefetchable) [virtual] [size=8K]", 1, 0xD1000000, 8 << 10, 0)]
    // The same words inside a capability are of the virtual functions that the function could have.
    [InlineData("00=86801533", "Capabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)|"
        + "\tRegion 0: Memory at d0000000 (64-bit, non-prefetchable) [size=16K]", 0, 0, 0, 0)]
    // A 64-bit register whose low half is 0 is called virtual by older versions; the sign is no part of the region.
    [InlineData("00=34120100 14=0c000000 18=60040000", "[virtual] Memory at 46000000000 (64-bit, prefetchable) [size=64G]", 1, 0x46000000000, 64L << 30, 0xC)]
    [InlineData("00=34120100 24=01e00000", "[virtual] I/O ports at e000 [size=128]", 5, 0xE000, 128, 1)]
    // No address: the type bits are the register's, or the system's where the register has none.
    [InlineData("00=de100100 14=0c000000", "Region 1: Memory at <unassigned> (64-bit, prefetchable) [size=32G]", 1, 0, 32L << 30, 0xC)]
    [InlineData("00=de100100", "Region 3: Memory at <ignored> (64-bit, prefetchable) [size=32M]", 3, 0, 32 << 20, 0xC)]
    [InlineData("00=de100100", "Region 4: I/O ports at <unassigned> [disabled] [size=8]", 4, 0, 8, 1)]
    [InlineData("00=de100100 14=0c000000", "Memory at <unassigned> (64-bit, prefetchable) [size=32G]", 1, 0, 32L << 30, 0xC)]
    [InlineData("00=de100100", "Expansion ROM at <ignored> [disabled]", 6, 0, 0, 0)]
    // Below 1 MiB, the reserved type, and the last register, which has no upper half.
    [InlineData("00=34120200 10=02000d00", "Region 0: Memory at 000d0000 (low-1M, non-prefetchable) [size=64K]", 0, 0xD0000, 64 << 10, 2)]
    [InlineData("00=34120200 14=060000f7", "Region 1: Memory at f7000000 (type 3, non-prefetchable) [size=4K]", 1, 0xF7000000, 4096, 6)]
    [InlineData("00=34120200 18=000001f7", "Region 2: Memory at f7010000 (32-bit, non-prefetchable) [size=16]", 2, 0xF7010000, 16, 0)]
    [InlineData("00=34120200 20=01e00000", "Region 4: I/O ports at e000 [size=4]", 4, 0xE000, 4, 1)]
    [InlineData("00=34120200 24=040002f7", "Region 5: Memory at f7020000 (64-bit, non-prefetchable) [size=16K]", 5, 0xF7020000, 16 << 10, 4)]
    // The host's address where another one is in the register: a guest is given what the host has.
    [InlineData("00=34120200 10=000000f0", "Region 0: Memory at e0000000 (32-bit, non-prefetchable) [size=1M]", 0, 0xE0000000, 1 << 20, 0)]
    public void A_region_is_what_the_system_said_of_it(string bytes, string decoded, int index, long start, long length, uint flags)
    {
        using CapturedFunction function = Load(DumpText.Of("05:10.0 Thing", decoded, bytes));

        Assert.Equal(new BaseAddress((ulong)start, (ulong)length, flags), function.BaseAddresses[index]);
    }

    // PCI IDE Controller Specification 1.0 §2.1; Linux drivers/pci/probe.c, pci_setup_device. lspci 3.6 and older print them as memory without the low bits.
    [Theory]
    [InlineData("Region 0: [virtual] Memory at 000001f0 (32-bit, non-prefetchable) [size=8]|Region 1: [virtual] Memory at 000003f0 (type 3, non-prefetchable)|"
        + "Region 2: [virtual] Memory at 00000170 (32-bit, non-prefetchable) [size=8]|Region 3: [virtual] Memory at 00000370 (type 3, non-prefetchable)|"
        + "Region 4: I/O ports at c040 [size=16]")]
    [InlineData("Region 0: I/O ports at 01f0 [virtual] [size=8]|Region 1: I/O ports at 03f4 [virtual]|Region 4: I/O ports at c040 [size=16]")]
    [InlineData("[virtual] Memory at 000001f0 (32-bit, non-prefetchable) [size=8]|[virtual] Memory at 000003f0 (type 3, non-prefetchable)|"
        + "[virtual] Memory at 00000170 (32-bit, non-prefetchable) [size=8]|[virtual] Memory at 00000370 (type 3, non-prefetchable)|"
        + "I/O ports at c040 [size=16]")]
    [InlineData("")]
    public void An_ide_controller_in_compatibility_mode_has_its_fixed_ports(string decoded)
    {
        using CapturedFunction function = Load(DumpText.Of("00:01.1 IDE interface", decoded, Ide));

        Assert.Equal(
            [Fixed(0x1F0, 8), Fixed(0x3F6, 1), Fixed(0x170, 8), Fixed(0x376, 1)],
            function.BaseAddresses.Take(4));
        Assert.Equal(0xC040u, function.BaseAddresses[4].Start);
        Assert.True(function.TryWrite(0x10, 4, uint.MaxValue));
        Assert.True(function.TryRead(0x10, 4, out uint register));
        Assert.Equal(0u, register);

        static BaseAddress Fixed(ulong start, ulong length) => new(start, length, 1) { IsFixed = true };
    }

    // One channel native, the other not.
    [Fact]
    public void A_channel_in_native_mode_has_the_ports_of_its_registers()
    {
        using CapturedFunction function = Load(DumpText.Of("00:01.1 IDE interface", "", "00=86801070 08=01810101 10=01e00000 14=01e10000"));

        Assert.Equal([0xE000ul, 0xE100, 0x170, 0x376], function.BaseAddresses.Take(4).Select(region => region.Start));
    }

    // Linux arch/x86/pci/fixup.c, pci_fixup_video: the firmware's copy at c0000, whatever the register says.
    [Theory]
    [InlineData("[virtual] Expansion ROM at 000c0000 [disabled] [size=128K]")]
    [InlineData("Expansion ROM at 000c0000 [virtual] [disabled] [size=128K]")]
    public void A_shadowed_video_rom_lies_where_the_firmware_put_it(string decoded)
    {
        using CapturedFunction function = Load(DumpText.Of("00:03.0 VGA compatible controller", decoded, "00=34121111 0a=0003"));

        Assert.Equal(new BaseAddress(0xC0000, 128 << 10, 0) { IsFixed = true }, function.BaseAddresses[6]);
    }

    [Theory]
    [InlineData("05:10.0 Ethernet controller: Example Virtual Function", 0xFFFF, 0xFFFF, false)]
    [InlineData("05:10.0 Ethernet controller [0200]: Intel Corporation 82576 Virtual Function [8086:10ca] (rev 01)", 0x8086, 0x10CA, true)]
    [InlineData("05:10.0 0200: 8086:10ca (rev 01)", 0x8086, 0x10CA, true)]
    [InlineData("05:10.0 0200: 8086:10ca", 0x8086, 0x10CA, true)]
    [InlineData("0001:05:10.0 VGA compatible controller [0300]: Advanced Micro Devices, Inc. [AMD/ATI] Virtual [1002:686c] (prog-if 00 [VGA controller])",
        0x1002, 0x686C, true)]
    [InlineData("05:10.0 Thing [80:86] [8086:10cag]", 0xFFFF, 0xFFFF, false)]
    [InlineData("05:10.0", 0xFFFF, 0xFFFF, false)]
    public void A_virtual_functions_ids_are_the_ones_the_dump_tells(string head, int vendor, int device, bool areKnown)
    {
        using CapturedFunction function = Load(DumpText.Of(head, "", VirtualFunction));

        Assert.True(function.IsVirtualFunction);
        Assert.Equal((vendor, device, areKnown), (function.VendorId, function.DeviceId, function.AreIdsKnown));
    }

    // SR-IOV 1.1 §3.4.1.3: of Command only bus mastering is the virtual function's own.
    [Fact]
    public void A_virtual_functions_registers_take_no_address_and_no_decoding()
    {
        using CapturedFunction function = Load(DumpText.Of(
            "05:10.0 Thing", "Region 0: Memory at d0000000 (64-bit, non-prefetchable) [virtual] [size=16K]", VirtualFunction));

        Assert.True(function.TryEnable());
        Assert.True(function.TryWrite(4, 2, 0xFFFF));
        Assert.True(function.TryWrite(0x10, 4, uint.MaxValue));
        Assert.True(function.TryRead(4, 2, out uint command));
        Assert.True(function.TryRead(0x10, 4, out uint register));
        Assert.Equal((4u, 0u), (command, register));
        Assert.True(function.PhysicalFunctionDecodesMemory());
    }

    [Theory]
    [InlineData("00=ffffffff 04=ffffffffffffffffffffffffffff")] // nothing answers
    [InlineData("00=ffff1111 0a=0002")] // one id of all ones alone is none of SR-IOV's
    [InlineData("00=ffffffff 0a=0406 0e=01")] // no bridge is virtual
    public void Nothing_else_is_taken_for_a_virtual_function(string bytes)
    {
        using CapturedFunction function = Load(DumpText.Of("05:10.0 Thing", "", bytes));

        Assert.False(function.IsVirtualFunction);
    }

    private static CapturedFunction Load(string text)
    {
        var capture = Capture.Read("dump", Encoding.UTF8.GetBytes(text));
        return new CapturedFunction(capture.Name, Assert.Single(capture.Functions));
    }
}
