using System.Buffers.Binary;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Calls;

/// <summary>Offsets and numbers as a C compiler has them for xen/include/public/physdev.h of 4.17.</summary>
public sealed class XenPhysdevTests : IDisposable
{
    private const int Invalid = -22;

    private static readonly PciAddress Function = PciAddress.FromDevfn(0, 0x12, 0x34);
    private static readonly PciAddress FarFunction = PciAddress.FromDevfn(0xABCD, 0x12, 0x34);

    private readonly ScriptedXen _xen = new();
    private readonly XenPhysdev _physdev;

    public XenPhysdevTests() => _physdev = new XenPhysdev(_xen);

    public void Dispose()
    {
        _physdev.Dispose();
        Assert.True(_xen.IsDisposed);
    }

    [Fact]
    public void An_entry_is_mapped_by_segment_bus_and_table()
    {
        _xen.Then(GivePirq(87));

        Assert.Equal(87, _physdev.MapMessage(0x1234, FarFunction, 3, 0x12_3456_7000));

        (uint hypercall, uint command, byte[] map) = Assert.Single(_xen.Asked);
        Assert.Equal((33u, 13u, 40), (hypercall, command, map.Length));
        Assert.Equal(0x1234, BinaryPrimitives.ReadUInt16LittleEndian(map));
        Assert.Equal([3, -1, -1, unchecked((int)0xABCD_0012), 0x34, 3], Integers(map));
        Assert.Equal(0x12_3456_7000u, BinaryPrimitives.ReadUInt64LittleEndian(map.AsSpan(32)));
    }

    [Fact]
    public void Msi_has_neither_entry_nor_table()
    {
        _xen.Then(GivePirq(87));

        Assert.Equal(87, _physdev.MapMessage(5, Function, 7, 0));

        byte[] map = Assert.Single(_xen.Asked).Argument;
        Assert.Equal([3, -1, -1, 0x12, 0x34, 0], Integers(map));
        Assert.Equal(0u, BinaryPrimitives.ReadUInt64LittleEndian(map.AsSpan(32)));
    }

    [Fact]
    public void A_Xen_without_segments_is_asked_the_old_way()
    {
        _xen.Then(Invalid).Then(GivePirq(9));

        Assert.Equal(9, _physdev.MapMessage(5, Function, 3, 0x1000));

        Assert.Equal([0, -1, -1, 0x12, 0x34, 3], Integers(_xen.Asked[1].Argument));
    }

    [Fact]
    public void In_another_segment_there_is_no_old_way()
    {
        _xen.Then(Invalid);

        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, FarFunction, 3, 0x1000)).Errno);
        Assert.Single(_xen.Asked);
    }

    [Theory]
    [InlineData(-19, Errno.ENODEV, "not assigned")]
    [InlineData(-61, Errno.ENODATA, "not prepared")]
    [InlineData(-6, Errno.ENXIO, "does not decode memory")]
    [InlineData(-28, Errno.ENOSPC, "extra_guest_irqs")]
    [InlineData(-3, Errno.ESRCH, "no such domain")]
    [InlineData(-1, Errno.EPERM, "MSI-X entry 3 of 0000:12:06.4 for domain 5")]
    public void A_refused_mapping_says_why(int result, Errno errno, string words)
    {
        _xen.Then(result);

        HypervisorException refused = Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, Function, 3, 0x1000));

        Assert.Equal(errno, refused.Errno);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Theory] // Xen's answer with what it leaves in entry_nr; the first pirq, what is offered
    [InlineData(0, 8, 70, 0)]
    [InlineData(-23, 4, 0, 4)]
    [InlineData(-28, 2, 0, 2)]
    [InlineData(-95, 8, 0, 1)]
    public void Several_vectors_are_mapped_or_fewer_offered(int result, int left, int first, int available)
    {
        _xen.Then((argument, _) =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(argument[12..], 70);
            BinaryPrimitives.WriteInt32LittleEndian(argument[24..], left);
            return result;
        });

        Assert.Equal(first, _physdev.MapMessages(5, FarFunction, 8, out int offered));

        Assert.Equal(available, offered);
        Assert.Equal([4, -1, -1, unchecked((int)0xABCD_0012), 0x34, 8], Integers(Assert.Single(_xen.Asked).Argument));
    }

    [Theory]
    [InlineData(-19, 8, Errno.ENODEV)]
    [InlineData(-28, 0, Errno.ENOSPC)]
    [InlineData(-23, 8, Errno.ENFILE)]
    [InlineData(-33, 8, Errno.EDOM)]
    public void Vectors_that_can_not_be_had_are_refused(int result, int left, Errno errno)
    {
        _xen.Then((argument, _) =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(argument[24..], left);
            return result;
        });

        Assert.Equal(errno, Assert.Throws<HypervisorException>(() => _physdev.MapMessages(5, Function, 8, out _)).Errno);
    }

    [Fact]
    public void A_line_keeps_its_number()
    {
        _xen.Then(0);

        Assert.Equal(20, _physdev.MapLine(5, 20));

        Assert.Equal([1, 20, 20, 0, 0, 0], Integers(Assert.Single(_xen.Asked).Argument));
    }

    [Fact]
    public void A_pirq_is_unmapped_by_domain_and_number()
    {
        _xen.Then(0).Then(-16);

        _physdev.Unmap(0x1234, 87);

        (uint hypercall, uint command, byte[] unmap) = _xen.Asked[0];
        Assert.Equal((33u, 14u, 8), (hypercall, command, unmap.Length));
        Assert.Equal(0x1234, BinaryPrimitives.ReadUInt16LittleEndian(unmap));
        Assert.Equal(87, BinaryPrimitives.ReadInt32LittleEndian(unmap.AsSpan(4)));
        Assert.Equal(Errno.EBUSY, Assert.Throws<HypervisorException>(() => _physdev.Unmap(5, 88)).Errno);
    }

    [Theory]
    [InlineData(30u)]
    [InlineData(31u)]
    [InlineData(27u)]
    public void A_function_is_named_by_segment_bus_and_devfn(uint command)
    {
        _xen.Then(0).Then(-16);
        Action<PciAddress> call = command switch
        {
            30 => _physdev.PrepareMsix,
            31 => _physdev.ReleaseMsix,
            _ => _physdev.RestoreMessages,
        };

        call(FarFunction);

        Assert.Equal((33u, command), (_xen.Asked[0].Hypercall, _xen.Asked[0].Command));
        Assert.Equal([0xCD, 0xAB, 0x12, 0x34], _xen.Asked[0].Argument);
        Assert.Equal(Errno.EBUSY, Assert.Throws<HypervisorException>(() => call(Function)).Errno);
    }

    [Fact]
    public void A_segment_that_Xen_can_not_name_is_refused_without_asking()
    {
        PciAddress invented = Function with { Domain = 0x10000 };

        Assert.Equal(Errno.ENODEV, Assert.Throws<HypervisorException>(() => _physdev.PrepareMsix(invented)).Errno);
        Assert.Equal(Errno.ENODEV, Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, invented, 0, 0)).Errno);
        Assert.Empty(_xen.Asked);
    }

    private static ScriptedXen.Answer GivePirq(int pirq) => (argument, _) =>
    {
        BinaryPrimitives.WriteInt32LittleEndian(argument[12..], pirq);
        return 0;
    };

    /// <summary>type, index, pirq, bus, devfn, entry_nr.</summary>
    private static int[] Integers(byte[] map) => [.. Enumerable.Range(0, 6).Select(i => BinaryPrimitives.ReadInt32LittleEndian(map.AsSpan(4 + (i * 4))))];
}
