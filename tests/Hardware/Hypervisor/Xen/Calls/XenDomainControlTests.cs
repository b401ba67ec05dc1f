using System.Buffers.Binary;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Calls;

/// <summary>Offsets and numbers as a C compiler has them for xen/include/public/domctl.h and sysctl.h of 4.17.</summary>
public sealed class XenDomainControlTests : IDisposable
{
    private static readonly PciAddress Function = PciAddress.FromDevfn(0xABCD, 0x12, 0x34);

    private readonly ScriptedXen _xen = new();

    public void Dispose() => _xen.Dispose();

    [Theory] // XEN_DOMCTL_INTERFACE_VERSION, XEN_SYSCTL_INTERFACE_VERSION of the release's headers
    [InlineData(17, 0x15, 0x15)]
    [InlineData(18, 0x16, 0x15)]
    [InlineData(19, 0x17, 0x15)]
    [InlineData(20, 0x17, 0x15)]
    [InlineData(21, 0x17, 0x16)]
    [InlineData(22, 0x18, 0x16)]
    public void A_release_is_asked_in_its_own_version(int minor, uint domctl, uint sysctl)
    {
        _xen.Running = (4 << 16) | minor;
        using XenDomainControl domains = Open();

        Assert.Equal($"4.{minor}", domains.Version);
        Assert.Equal(
            [(35u, 136, 3u, sysctl), (36u, 144, 5u, domctl)],
            _xen.Asked.Select(a => (a.Hypercall, a.Argument.Length, Word(a.Argument, 0), Word(a.Argument, 4))));
    }

    [Fact]
    public void Every_known_release_is_tested() => Assert.Equal([17, 18, 19, 20, 21, 22], XenInterface.Supported.Select(x => x.Minor));

    [Theory]
    [InlineData((4 << 16) | 16, "Xen 4.16")]
    [InlineData((4 << 16) | 23, "Xen 4.23")]
    [InlineData((5 << 16) | 17, "Xen 5.17")]
    public void An_unknown_release_is_refused_by_name(int version, string name)
    {
        _xen.Running = version;

        HypervisorException refused = Assert.Throws<HypervisorException>(() => XenDomainControl.Open(_xen));

        Assert.Equal(Errno.EACCES, refused.Errno);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.Contains("4.17 to 4.22", refused.Message, StringComparison.Ordinal);
        Assert.True(_xen.IsDisposed);
        Assert.Empty(_xen.Asked);
    }

    [Theory]
    [InlineData(-13, Errno.EACCES, "another version")]
    [InlineData(-1, Errno.EPERM, "does not control others")]
    public void A_Xen_that_does_not_obey_is_refused(int result, Errno errno, string words)
    {
        _xen.Then(result);

        HypervisorException refused = Assert.Throws<HypervisorException>(() => XenDomainControl.Open(_xen));

        Assert.Equal(errno, refused.Errno);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.True(_xen.IsDisposed);
    }

    [Theory]
    [InlineData(0b0111u, true)]
    [InlineData(0b1011u, false)]
    public void Devices_can_be_assigned_with_the_directio_capability(uint capabilities, bool can)
    {
        using XenDomainControl domains = Open(capabilities);

        Assert.Equal(can, domains.CanAssignDevices);
    }

    [Theory] // What two MSI vectors of a function that is nowhere are answered (allocate_pirq, map_domain_pirq, xen/arch/x86/irq.c)
    [InlineData(-95, false)] // EOPNOTSUPP: several need interrupt remapping
    [InlineData(-19, true)] // ENODEV: it is looked for behind that
    [InlineData(-28, true)] // ENOSPC: and numbers in a row, too
    [InlineData(-22, null)] // EINVAL: no vector is free, before that
    [InlineData(-1, null)] // EPERM: a security module
    [InlineData(-38, null)] // ENOSYS: a PVH dom0
    public void Interrupts_are_remapped_if_several_vectors_are_not_refused_for_that(int result, bool? remaps)
    {
        using XenDomainControl domains = Open();
        _xen.Then(result);

        Assert.Equal(remaps, domains.RemapsInterrupts());

        // MAP_PIRQ_TYPE_MULTI_MSI of DOMID_SELF; index and pirq are Xen's to choose.
        (uint hypercall, uint command, byte[] map) = _xen.Asked[^1];
        Assert.Equal((33u, 13u, 40), (hypercall, command, map.Length));
        Assert.Equal(0x7FF0, BinaryPrimitives.ReadUInt16LittleEndian(map));
        Assert.Equal([0x7FF0, 4, uint.MaxValue, uint.MaxValue, 0xFFFF_00FF, 0xFF, 2, 0, 0, 0], Words(map, 10));
    }

    [Fact]
    public void A_function_that_is_there_after_all_keeps_no_vectors()
    {
        using XenDomainControl domains = Open();
        _xen.Then((argument, _) =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(argument[12..], 77);
            return 0;
        }).Then(0);

        Assert.True(domains.RemapsInterrupts());

        (uint hypercall, uint command, byte[] unmap) = _xen.Asked[^1];
        Assert.Equal((33u, 14u), (hypercall, command));
        Assert.Equal([0x7FF0u, 77u], Words(unmap, 2));
    }

    [Theory] // XEN_DOMINF_dying, hvm_guest, shutdown, paused, blocked
    [InlineData(0x00u, false, false, false, false)]
    [InlineData(0x01u, true, false, false, false)]
    [InlineData(0x02u, false, true, false, false)]
    [InlineData(0x30004u, false, false, true, false)]
    [InlineData(0x10004u, false, false, true, false)] // SHUTDOWN_reboot
    [InlineData(0x20004u, false, false, false, false)] // SHUTDOWN_suspend: it goes on later
    [InlineData(0x18u, false, false, false, true)]
    public void A_domain_is_read_from_its_record(uint flags, bool dying, bool hvm, bool shutdown, bool paused)
    {
        using XenDomainControl domains = Open();
        _xen.Then((argument, _) => Record(argument[16..128], 0x123, flags));

        DomainInfo? found = domains.Find(0x123);

        Assert.Equal(new DomainInfo(0x123, new Guid("00010203-0405-0607-0809-0a0b0c0d0e0f"), dying, shutdown, paused, hvm), found);
        Assert.Equal(0x123, BinaryPrimitives.ReadUInt16LittleEndian(_xen.Asked[^1].Argument.AsSpan(8)));
    }

    [Fact]
    public void The_next_domain_is_not_the_one_looked_for()
    {
        using XenDomainControl domains = Open();
        _xen.Then((argument, _) => Record(argument[16..128], 6, 0)).Then(-3).Then(-22).Then(-1);

        Assert.Null(domains.Find(5));
        Assert.Null(domains.Find(5));
        Assert.Null(domains.Find(0x7FF2));
        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(() => domains.Find(5)).Errno);
    }

    [Fact]
    public void A_long_list_takes_more_calls()
    {
        using XenDomainControl domains = Open();
        _xen.Then((argument, buffer) => List(argument, buffer, 0, 32)).Then((argument, buffer) => List(argument, buffer, 100, 3));

        IReadOnlyList<DomainInfo> list = domains.List();

        Assert.Equal([.. Enumerable.Range(0, 32), 100, 101, 102], list.Select(d => d.DomainId));
        Assert.Equal(
            [(35u, 6u, 0u, 32u), (35u, 6u, 32u, 32u)],
            _xen.Asked[2..].Select(a => (a.Hypercall, Word(a.Argument, 0), Word(a.Argument, 8), Word(a.Argument, 12))));
        Assert.All(_xen.Asked[2..], a => Assert.Equal(0xABAB_ABAB_ABAB_ABABu, BinaryPrimitives.ReadUInt64LittleEndian(a.Argument.AsSpan(16))));
    }

    [Theory]
    [InlineData(false, 0u)]
    [InlineData(true, 1u)]
    public void A_function_is_assigned_by_its_number(bool relaxed, uint flags)
    {
        using XenDomainControl domains = Open();
        _xen.Then(0).Then(0);

        domains.Assign(0x7FF1, Function, relaxed);
        domains.Deassign(5, Function);

        Assert.Equal([37, 0x15, 0x7FF1, 0, 0, flags, 0xABCD_1234], Words(_xen.Asked[2].Argument, 7));
        Assert.Equal([47, 0x15, 5, 0, 0, 0, 0xABCD_1234], Words(_xen.Asked[3].Argument, 7));
    }

    [Theory]
    [InlineData(0b100u, -95, Errno.EOPNOTSUPP, "created without passthrough")]
    [InlineData(0u, -95, Errno.EOPNOTSUPP, "no IOMMU")]
    [InlineData(0u, -38, Errno.ENOSYS, "no IOMMU")]
    [InlineData(0b100u, -16, Errno.EBUSY, "belongs to a guest")]
    [InlineData(0b100u, -19, Errno.ENODEV, "doesn't know")]
    [InlineData(0b100u, -1, Errno.EPERM, "rdm_policy")]
    [InlineData(0b100u, -3, Errno.ESRCH, "no such domain")]
    [InlineData(0b100u, -22, Errno.EINVAL, "abcd:12:06.4 to domain 5")]
    public void A_refused_assignment_says_why(uint capabilities, int result, Errno errno, string words)
    {
        using XenDomainControl domains = Open(capabilities);
        _xen.Then(result);

        HypervisorException refused = Assert.Throws<HypervisorException>(() => domains.Assign(5, Function, relaxed: false));

        Assert.Equal(errno, refused.Errno);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(-22, true)]
    [InlineData(-95, false)]
    [InlineData(-38, false)]
    public void Whether_a_guest_has_it_is_asked_of_no_domain(int result, bool assigned)
    {
        using XenDomainControl domains = Open();
        _xen.Then(result);

        Assert.Equal(assigned, domains.IsAssignedToGuest(Function));
        Assert.Equal([45, 0x15, 0x7FF4, 0, 0, 0, 0xABCD_1234], Words(_xen.Asked[^1].Argument, 7));
    }

    [Fact]
    public void A_group_is_the_function_and_what_Xen_adds()
    {
        using XenDomainControl domains = Open();
        _xen.Then((argument, buffer) =>
        {
            BinaryPrimitives.WriteUInt32LittleEndian(argument[24..], 2);
            BinaryPrimitives.WriteUInt32LittleEndian(buffer, 0x12_3500);
            BinaryPrimitives.WriteUInt32LittleEndian(buffer[4..], 0x13_0000);
            Assert.Equal(4096, buffer.Length);
            return 0;
        }).Then(-95).Then(-19).Then(-3);

        Assert.Equal(
            [Function, PciAddress.FromDevfn(0xABCD, 0x12, 0x35), PciAddress.FromDevfn(0xABCD, 0x13, 0)], domains.GroupOf(0, Function));
        Assert.Equal([50, 0x15, 0, 0, 0xABCD_1234, 1024, 0, 0, 0xABAB_ABAB, 0xABAB_ABAB], Words(_xen.Asked[^1].Argument, 10));
        Assert.Empty(domains.GroupOf(0, Function));
        Assert.Empty(domains.GroupOf(0, Function));
        Assert.Equal(Errno.ESRCH, Assert.Throws<HypervisorException>(() => domains.GroupOf(5, Function)).Errno);
    }

    [Theory]
    [InlineData(true, 1u)]
    [InlineData(false, 0u)]
    public void Permissions_lie_where_Xen_reads_them(bool allow, uint flag)
    {
        using XenDomainControl domains = Open();
        _xen.Then(0).Then(0).Then(0);

        domains.AllowMemory(5, 0x12_3456_789A, 0x2_0000_0001, allow);
        domains.AllowPorts(5, 0xC000, 32, allow);
        domains.AllowInterrupt(5, 20, allow);

        Assert.Equal([20, 0x15, 5, 0, 0x3456_789A, 0x12, 1, 2, flag], Words(_xen.Asked[2].Argument, 9));
        Assert.Equal([21, 0x15, 5, 0, 0xC000, 32, flag], Words(_xen.Asked[3].Argument, 7));
        Assert.Equal([19, 0x15, 5, 0, 20, flag], Words(_xen.Asked[4].Argument, 6));
    }

    [Fact]
    public void A_domain_is_paused_and_unpaused()
    {
        using XenDomainControl domains = Open();
        _xen.Then(0).Then(0).Then(-22);

        domains.Pause(5);
        domains.Unpause(5);

        Assert.Equal([3, 0x15, 5], Words(_xen.Asked[2].Argument, 3));
        Assert.Equal([4, 0x15, 5], Words(_xen.Asked[3].Argument, 3));
        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => domains.Unpause(5)).Errno);
    }

    [Fact]
    public void A_domain_is_stopped_as_one_that_crashed()
    {
        using XenDomainControl domains = Open();
        _xen.Then(0).Then(-3);

        domains.Crash(5);

        Assert.Equal((29u, 4u), (_xen.Asked[2].Hypercall, _xen.Asked[2].Command));
        Assert.Equal([5, 3], Words(_xen.Asked[2].Argument, 2));
        Assert.Equal(Errno.ESRCH, Assert.Throws<HypervisorException>(() => domains.Crash(5)).Errno);
        Assert.Equal(Errno.ESRCH, Assert.Throws<HypervisorException>(() => domains.Crash(0x10005)).Errno);
        Assert.Equal(4, _xen.Asked.Count);
    }

    [Fact]
    public void What_Xen_could_not_tell_from_something_else_is_refused_without_asking()
    {
        using XenDomainControl domains = Open();

        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => domains.AllowMemory(5, 1, 0, allow: true)).Errno);
        Assert.Equal(Errno.ESRCH, Assert.Throws<HypervisorException>(() => domains.Pause(0x10005)).Errno);
        Assert.Equal(Errno.ENODEV, Assert.Throws<HypervisorException>(() => domains.Assign(5, Function with { Domain = 0x1ABCD }, relaxed: false)).Errno);
        Assert.Equal(2, _xen.Asked.Count);
    }

    private XenDomainControl Open(uint capabilities = 4)
    {
        _xen.Then((argument, _) =>
        {
            BinaryPrimitives.WriteUInt32LittleEndian(argument[36..], capabilities);
            return 0;
        }).Then((argument, _) => Record(argument[16..128], 0, 0));
        return XenDomainControl.Open(_xen);
    }

    private static int Record(Span<byte> record, int domainId, uint flags)
    {
        Assert.Equal(112, record.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(record, (ushort)domainId);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], flags);
        for (int i = 0; i < 16; i++)
        {
            record[76 + i] = (byte)i;
        }

        return 0;
    }

    private static int List(Span<byte> argument, Span<byte> buffer, int first, int count)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(argument[24..], (uint)count);
        for (int i = 0; i < count; i++)
        {
            Record(buffer.Slice(i * 112, 112), first + i, 0);
        }

        return 0;
    }

    private static uint Word(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static uint[] Words(byte[] bytes, int count) => [.. Enumerable.Range(0, count).Select(i => Word(bytes, i * 4))];
}
