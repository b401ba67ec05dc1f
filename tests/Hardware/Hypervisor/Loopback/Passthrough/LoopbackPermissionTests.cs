using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Passthrough;

/// <summary>Memory, ports and lines that a domain is allowed.</summary>
public sealed class LoopbackPermissionTests : LoopbackMachine
{
    [Fact]
    public void What_is_granted_is_known_exactly()
    {
        Control.AllowMemory(5, 0xFEB00, 0x10, allow: true);
        Control.AllowMemory(5, 0xFEB10, 0x10, allow: true);
        Control.AllowMemory(5, 0x4_0000_0000, 1, allow: true);
        Control.AllowMemory(5, 0xFEB08, 1, allow: false);
        Control.AllowPorts(5, 0xC040, 32, allow: true);
        Control.AllowInterrupt(5, 20, allow: true);

        Assert.Equal([new(0xFEB00, 8), new(0xFEB09, 0x17), new(0x4_0000_0000, 1)], Passthrough.MemoryOf(5));
        Assert.Equal([new LoopbackRange(0xC040, 32)], Passthrough.PortsOf(5));
        Assert.Equal([20], Passthrough.LinesOf(5));
        Assert.True(Passthrough.HasAnything(5));
        Assert.False(Passthrough.HasAnything(6));

        Control.AllowMemory(5, 0, 1UL << 40, allow: false);
        Control.AllowPorts(5, 0xC040, 32, allow: false);
        Control.AllowInterrupt(5, 20, allow: false);
        Assert.False(Passthrough.HasAnything(5));
    }

    [Theory]
    [InlineData(1UL << 52, 1UL)]
    [InlineData((1UL << 52) - 1, 2UL)]
    [InlineData(5UL, ulong.MaxValue)]
    public void Memory_lies_below_52_bits_of_frames(ulong first, ulong count)
    {
        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => Control.AllowMemory(5, first, count, allow: true)).Errno);
        Assert.Empty(Passthrough.MemoryOf(5));
    }

    [Fact]
    public void A_line_that_domain_0_does_not_have_can_not_be_passed_on() =>
        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(() => Control.AllowInterrupt(5, 100, allow: true)).Errno);
}
