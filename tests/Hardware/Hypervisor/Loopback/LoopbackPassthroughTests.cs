using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Hardware.Tests.Hypervisor;

public sealed class LoopbackPassthroughTests
{
    private const ulong TableBase = 0xFEBC_0000;
    private static readonly PciAddress Nic = new(0, 0, 4, 0);
    private static readonly PciAddress Disk = new(0, 0, 5, 0);
    private static readonly PciAddress Unknown = new(0, 0, 0x1E, 7);

    private readonly LoopbackHost _host = new(new LoopbackPlatform { KnownFunctions = new HashSet<PciAddress> { Nic, Disk } });
    private readonly IPhysdev _physdev;
    private readonly IDomainControl _domains;
    private readonly LoopbackDomain _guest;

    public LoopbackPassthroughTests()
    {
        _guest = _host.CreateDomain(5);
        _host.CreateDomain(6);
        _physdev = _host.BackendView.OpenPhysdev();
        _domains = _host.BackendView.OpenDomainControl();
    }

    public static TheoryData<string> Contract => [.. PassthroughContract.Checks.Select(check => check.Name)];

    private LoopbackPassthrough Passthrough => _host.Passthrough;

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_loopback_keeps_the_contract(string name)
    {
        PassthroughContract.Checks.Single(check => check.Name == name).Run(new PassthroughSubject(_physdev, _domains, 5, Nic, TableBase, 20, Unknown, 32));

        Assert.False(Passthrough.HasAnything(5));
        Assert.Equal(0, Passthrough.OwnerOf(Nic));
        Assert.False(Passthrough.IsPrepared(Nic));
    }

    [Fact]
    public void The_contract_holds_for_a_function_that_can_send_one_message()
    {
        Passthrough.Describe(Nic, new LoopbackFunctionTraits { MsiVectors = 1 });

        PassthroughContract.Two_msi_vectors_follow_each_other_and_a_function_of_one_is_offered_one(
            new PassthroughSubject(_physdev, _domains, 5, Nic, TableBase, 20, Unknown, 1));
    }

    [Fact]
    public void A_guest_controls_neither_domains_nor_devices()
    {
        LoopbackHypervisor view = _host.ViewOf(5);

        Assert.Equal("EPERM", Assert.Throws<HypervisorException>(view.OpenPhysdev).Errno);
        Assert.Equal("EPERM", Assert.Throws<HypervisorException>(view.OpenDomainControl).Errno);
    }

    [Fact]
    public void A_closed_descriptor_is_not_used()
    {
        _physdev.Dispose();
        _domains.Dispose();

        Assert.Throws<ObjectDisposedException>(() => _physdev.MapLine(5, 20));
        Assert.Throws<ObjectDisposedException>(() => _domains.Find(5));
        Assert.Throws<ObjectDisposedException>(() => _domains.Pause(5));
    }

    [Fact]
    public void What_is_granted_is_known_exactly()
    {
        _domains.AllowMemory(5, 0xFEB00, 0x10, allow: true);
        _domains.AllowMemory(5, 0xFEB10, 0x10, allow: true);
        _domains.AllowMemory(5, 0x4_0000_0000, 1, allow: true);
        _domains.AllowMemory(5, 0xFEB08, 1, allow: false);
        _domains.AllowPorts(5, 0xC040, 32, allow: true);
        _domains.AllowInterrupt(5, 20, allow: true);

        Assert.Equal([new(0xFEB00, 8), new(0xFEB09, 0x17), new(0x4_0000_0000, 1)], Passthrough.MemoryOf(5));
        Assert.Equal([new LoopbackRange(0xC040, 32)], Passthrough.PortsOf(5));
        Assert.Equal([20], Passthrough.LinesOf(5));
        Assert.True(Passthrough.HasAnything(5));
        Assert.False(Passthrough.HasAnything(6));

        _domains.AllowMemory(5, 0, 1UL << 40, allow: false);
        _domains.AllowPorts(5, 0xC040, 32, allow: false);
        _domains.AllowInterrupt(5, 20, allow: false);
        Assert.False(Passthrough.HasAnything(5));
    }

    [Theory]
    [InlineData(1UL << 52, 1UL)]
    [InlineData((1UL << 52) - 1, 2UL)]
    [InlineData(5UL, ulong.MaxValue)]
    public void Memory_lies_below_52_bits_of_frames(ulong first, ulong count)
    {
        Assert.Equal("EINVAL", Assert.Throws<HypervisorException>(() => _domains.AllowMemory(5, first, count, allow: true)).Errno);
        Assert.Empty(Passthrough.MemoryOf(5));
    }

    [Fact]
    public void A_function_without_iommu_can_not_be_assigned()
    {
        var host = new LoopbackHost(new LoopbackPlatform { HasIommu = false });
        host.CreateDomain(5);
        using IDomainControl domains = host.BackendView.OpenDomainControl();

        Assert.False(domains.CanAssignDevices);
        Assert.Equal("EOPNOTSUPP", Assert.Throws<HypervisorException>(() => domains.Assign(5, Nic, relaxed: false)).Errno);
        Assert.False(domains.IsAssignedToGuest(Nic));
        Assert.Empty(domains.GroupOf(0, Nic));
    }

    [Fact]
    public void A_guest_created_without_passthrough_gets_no_function()
    {
        _guest.AllowsPassthrough = false;

        Assert.Equal("EOPNOTSUPP", Assert.Throws<HypervisorException>(() => _domains.Assign(5, Nic, relaxed: false)).Errno);
    }

    [Theory]
    [InlineData(true, DomainInfo.Quarantine)]
    [InlineData(false, 0)]
    public void A_function_returns_where_the_hypervisor_was_told(bool quarantines, int owner)
    {
        var host = new LoopbackHost(new LoopbackPlatform { QuarantinesAlways = quarantines });
        host.CreateDomain(5);
        using IDomainControl domains = host.BackendView.OpenDomainControl();
        domains.Assign(5, Nic, relaxed: false);
        Assert.Equal([Nic], host.Passthrough.FunctionsOf(5));

        domains.Deassign(5, Nic);

        Assert.Equal(owner, host.Passthrough.OwnerOf(Nic));
    }

    [Fact]
    public void A_quarantined_function_returns_to_quarantine_even_without_the_setting()
    {
        var host = new LoopbackHost(new LoopbackPlatform { QuarantinesAlways = false });
        host.CreateDomain(5);
        using IDomainControl domains = host.BackendView.OpenDomainControl();
        domains.Assign(DomainInfo.Quarantine, Nic, relaxed: true);
        domains.Assign(5, Nic, relaxed: false);

        domains.Deassign(5, Nic);
        Assert.Equal(DomainInfo.Quarantine, host.Passthrough.OwnerOf(Nic));

        domains.Deassign(DomainInfo.Quarantine, Nic);
        Assert.Equal(0, host.Passthrough.OwnerOf(Nic));
    }

    [Fact]
    public void A_group_is_what_the_platform_says_of_those_that_the_domain_has()
    {
        PciAddress sibling = Nic with { Function = 1 };
        var host = new LoopbackHost(new LoopbackPlatform { Groups = _ => [Nic, sibling, Disk] });
        host.CreateDomain(5);
        using IDomainControl domains = host.BackendView.OpenDomainControl();
        domains.Assign(5, Disk, relaxed: false);

        Assert.Equal([Nic, sibling], domains.GroupOf(0, Nic));
        Assert.Equal([Nic, Disk], domains.GroupOf(5, Nic));
    }

    [Fact]
    public void A_line_that_domain_0_does_not_have_can_not_be_passed_on() =>
        Assert.Equal("EPERM", Assert.Throws<HypervisorException>(() => _domains.AllowInterrupt(5, 100, allow: true)).Errno);

    [Fact]
    public void Msix_of_a_function_that_does_not_decode_memory_is_refused()
    {
        bool decodes = false;
        Passthrough.Describe(Nic, new LoopbackFunctionTraits { MsixEntries = 5, DecodesMemory = () => decodes });
        Assert.Equal("ENXIO", Assert.Throws<HypervisorException>(() => _physdev.PrepareMsix(Nic)).Errno);
        decodes = true;
        _physdev.PrepareMsix(Nic);
        _domains.Assign(5, Nic, relaxed: false);
        _physdev.MapMessage(5, Nic, 4, TableBase);
        Assert.Equal("EINVAL", Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, Nic, 5, TableBase)).Errno);

        decodes = false;

        Assert.Equal("ENXIO", Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, Nic, 0, TableBase)).Errno);
        Assert.Equal("ENXIO", Assert.Throws<HypervisorException>(() => _physdev.RestoreMessages(Nic)).Errno);
    }

    [Fact]
    public void A_function_without_the_capability_has_no_messages()
    {
        Passthrough.Describe(Nic, new LoopbackFunctionTraits { MsixEntries = 0, MsiVectors = 0 });
        _domains.Assign(5, Nic, relaxed: false);

        Assert.Equal("ENODEV", Assert.Throws<HypervisorException>(() => _physdev.PrepareMsix(Nic)).Errno);
        Assert.Equal("ENODEV", Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, Nic, 0, TableBase)).Errno);
        Assert.Equal("ENODEV", Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, Nic, 0, 0)).Errno);
        Assert.Equal("ENODEV", Assert.Throws<HypervisorException>(() => _physdev.MapMessages(5, Nic, 2, out _)).Errno);
    }

    [Theory] // wanted, vectors of the function, pirqs of the guest, interrupt remapping; what is mapped, what is offered instead
    [InlineData(4, 32, 256, true, 4, 0)]
    [InlineData(3, 32, 256, true, 4, 0)]
    [InlineData(8, 4, 256, true, 0, 4)]
    [InlineData(8, 32, 6, true, 0, 4)]
    [InlineData(32, 32, 1, true, 0, 1)]
    [InlineData(2, 32, 256, false, 0, 1)]
    [InlineData(1, 32, 256, false, 1, 0)]
    public void Several_vectors_are_in_a_row_or_fewer_are_offered(int wanted, int vectors, int pirqs, bool remapping, int mapped, int available)
    {
        var host = new LoopbackHost(new LoopbackPlatform { MessagesPerGuest = pirqs, HasInterruptRemapping = remapping });
        host.CreateDomain(5);
        host.Passthrough.Describe(Nic, new LoopbackFunctionTraits { MsiVectors = vectors });
        host.BackendView.OpenDomainControl().Assign(5, Nic, relaxed: false);
        using IPhysdev physdev = host.BackendView.OpenPhysdev();

        int first = physdev.MapMessages(5, Nic, wanted, out int offered);

        Assert.Equal((mapped != 0, available), (first > 0, offered));
        Assert.Equal(
            Enumerable.Range(0, mapped).Select(i => new LoopbackPirq(first + i, LoopbackPirqKind.Msi, Nic, i, IsBound: false)), host.Passthrough.PirqsOf(5));
        if (first > 0)
        {
            physdev.Unmap(5, first);
            Assert.Empty(host.Passthrough.PirqsOf(5));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    [InlineData(-1)]
    public void A_number_of_vectors_that_msi_can_not_have_is_refused(int count)
    {
        _domains.Assign(5, Nic, relaxed: false);

        Assert.Equal("EDOM", Assert.Throws<HypervisorException>(() => _physdev.MapMessages(5, Nic, count, out _)).Errno);
    }

    [Fact]
    public void A_guest_has_only_so_many_pirqs()
    {
        var host = new LoopbackHost(new LoopbackPlatform { MessagesPerGuest = 32 });
        host.CreateDomain(5);
        host.BackendView.OpenDomainControl().Assign(5, Nic, relaxed: false);
        using IPhysdev physdev = host.BackendView.OpenPhysdev();
        physdev.PrepareMsix(Nic);
        var pirqs = Enumerable.Range(0, 32).Select(entry => physdev.MapMessage(5, Nic, entry, TableBase)).ToList();

        Assert.Equal(32, pirqs.Distinct().Count());
        Assert.Equal("ENOSPC", Assert.Throws<HypervisorException>(() => physdev.MapMessage(5, Nic, 32, TableBase)).Errno);
        Assert.Equal("ENOSPC", Assert.Throws<HypervisorException>(() => physdev.MapMessages(5, Nic, 2, out _)).Errno);
    }

    [Fact]
    public void A_raised_entry_reaches_the_guest_that_bound_its_pirq()
    {
        int[] seen = new int[2];
        int[] pirqs = MapEntries(2);
        using IDisposable first = _guest.BindPirq(pirqs[0], () => seen[0]++);
        using IDisposable second = _guest.BindPirq(pirqs[1], () => seen[1]++);

        Assert.True(Passthrough.RaiseMessage(Nic, 1));
        Assert.True(Passthrough.RaiseMessage(Nic, 1));
        Assert.True(Passthrough.RaiseMessage(Nic, 0));
        Assert.False(Passthrough.RaiseMessage(Nic, 2));
        Assert.False(Passthrough.RaiseMessage(Disk, 0));

        Assert.Equal([1, 2], seen);
        Assert.All(Passthrough.PirqsOf(5), pirq => Assert.True(pirq.IsBound));
    }

    [Fact]
    public void What_was_raised_before_the_guest_bound_it_is_delivered_once_then()
    {
        int seen = 0;
        int pirq = MapEntries(1)[0];
        Assert.False(Passthrough.RaiseMessage(Nic, 0));
        Assert.False(Passthrough.RaiseMessage(Nic, 0));

        using IDisposable binding = _guest.BindPirq(pirq, () => seen++);

        Assert.Equal(1, seen);
    }

    [Fact]
    public void An_unmapped_entry_reaches_nobody_and_its_number_is_free_once_the_guest_closed_it()
    {
        int seen = 0;
        int pirq = MapEntries(1)[0];
        IDisposable binding = _guest.BindPirq(pirq, () => seen++);

        _physdev.Unmap(5, pirq);
        Assert.False(Passthrough.RaiseMessage(Nic, 0));
        Assert.Empty(Passthrough.PirqsOf(5));
        Assert.NotEqual(pirq, _physdev.MapMessage(5, Nic, 0, TableBase));

        binding.Dispose();
        Assert.Equal(pirq, _physdev.MapMessage(5, Nic, 1, TableBase));
        Assert.Equal(0, seen);
    }

    [Fact]
    public void Only_what_is_mapped_and_permitted_can_be_bound_and_once()
    {
        Assert.Equal("EPERM", Assert.Throws<HypervisorException>(() => _guest.BindPirq(20, () => { })).Errno);
        _physdev.MapLine(5, 20);
        using (_guest.BindPirq(20, () => { }))
        {
            Assert.Equal("EEXIST", Assert.Throws<HypervisorException>(() => _guest.BindPirq(20, () => { })).Errno);
        }

        _domains.AllowInterrupt(5, 20, allow: false);
        Assert.Equal("EPERM", Assert.Throws<HypervisorException>(() => _guest.BindPirq(20, () => { })).Errno);
    }

    [Fact]
    public void A_shared_line_reaches_every_guest_that_has_it()
    {
        int seen = 0;
        _physdev.MapLine(5, 20);
        _physdev.MapLine(6, 20);
        using IDisposable one = _guest.BindPirq(20, () => seen++);
        using IDisposable other = _host.Domains.Single(domain => domain.DomainId == 6).BindPirq(20, () => seen += 10);

        Assert.Equal(2, Passthrough.RaiseLine(20));
        Assert.Equal(0, Passthrough.RaiseLine(21));
        _physdev.Unmap(6, 20);
        Assert.Equal(1, Passthrough.RaiseLine(20));

        Assert.Equal(12, seen);
    }

    [Fact]
    public void A_restore_is_told_to_the_function_when_it_has_messages()
    {
        int restored = 0;
        Passthrough.Describe(Nic, new LoopbackFunctionTraits { Restored = () => restored++ });
        _physdev.RestoreMessages(Nic);
        Assert.Equal(0, restored);
        MapEntries(1);

        _physdev.RestoreMessages(Nic);

        Assert.Equal(1, restored);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_guest_that_dies_loses_everything(bool somebodyHoldsAPage)
    {
        int pirq = MapEntries(1)[0];
        _physdev.MapLine(5, 20);
        _domains.AllowMemory(5, 1, 2, allow: true);
        _domains.AllowPorts(5, 1, 2, allow: true);
        using IDisposable binding = _guest.BindPirq(pirq, () => { });

        if (somebodyHoldsAPage)
        {
            _host.BeginDestroy(5);
            Assert.True(_domains.Find(5)!.Value.IsDying);
            Assert.Equal("EINVAL", Assert.Throws<HypervisorException>(() => _physdev.Unmap(5, pirq)).Errno);
            Assert.Equal("EINVAL", Assert.Throws<HypervisorException>(() => _domains.Assign(5, Nic, relaxed: false)).Errno);
            Assert.Equal("EEXIST", Assert.Throws<HypervisorException>(() => _host.CreateDomain(5)).Errno);
        }
        else
        {
            _host.DestroyDomain(5);
            Assert.Null(_domains.Find(5));
            Assert.Equal("ESRCH", Assert.Throws<HypervisorException>(() => _physdev.Unmap(5, pirq)).Errno);
        }

        Assert.False(Passthrough.HasAnything(5));
        Assert.Equal(DomainInfo.Quarantine, Passthrough.OwnerOf(Nic));
        Assert.False(Passthrough.RaiseMessage(Nic, 0));
        _physdev.ReleaseMsix(Nic);

        _host.DestroyDomain(5);
        LoopbackDomain next = _host.CreateDomain(5);
        Assert.NotEqual(_guest.Handle, next.Handle);
        Assert.False(Passthrough.HasAnything(5));
    }

    [Fact]
    public void The_end_of_a_guest_is_announced_when_it_halts_when_it_dies_and_when_it_is_gone()
    {
        using IXenStore store = _host.BackendView.OpenXenStore();
        using var fired = new SemaphoreSlim(0);
        using IDisposable watch = store.Watch("@releaseDomain", _ => fired.Release());
        Assert.True(fired.Wait(10_000));

        _host.ShutDown(5);
        Assert.True(fired.Wait(10_000));
        Assert.True(_domains.Find(5)!.Value.IsShutdown);
        _host.ShutDown(5);
        _host.BeginDestroy(5);
        Assert.True(fired.Wait(10_000));
        Assert.NotNull(store.Directory("/local/domain/5"));
        _host.DestroyDomain(5);
        Assert.True(fired.Wait(10_000));
        Assert.Null(store.Directory("/local/domain/5"));
    }

    [Fact]
    public void What_a_domain_is_like_is_told()
    {
        Guid handle = Guid.NewGuid();
        LoopbackDomain domain = _host.CreateDomain(7, handle);
        domain.IsHardwareVirtualized = true;
        _domains.Pause(7);

        Assert.Equal(
            new DomainInfo(7, handle, IsDying: false, IsShutdown: false, IsPaused: true, IsHardwareVirtualized: true), _domains.Find(7));
        _domains.Unpause(7);
        Assert.Equal("EINVAL", Assert.Throws<HypervisorException>(() => _domains.Unpause(7)).Errno);
        Assert.False(domain.IsPaused);
    }

    [Fact]
    public void A_chosen_call_fails_once_and_does_nothing()
    {
        _domains.Assign(5, Nic, relaxed: false);
        _physdev.PrepareMsix(Nic);
        Passthrough.Fail(LoopbackCall.MapMessage, "ENOSPC", ordinal: 2);
        Passthrough.Fail(LoopbackCall.AllowMemory, "EPERM");

        _physdev.MapMessage(5, Nic, 0, TableBase);
        Assert.Equal("ENOSPC", Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, Nic, 1, TableBase)).Errno);
        _physdev.MapMessage(5, Nic, 2, TableBase);
        Assert.Equal("EPERM", Assert.Throws<HypervisorException>(() => _domains.AllowMemory(5, 1, 1, allow: true)).Errno);

        Assert.Equal([0, 2], Passthrough.PirqsOf(5).Select(pirq => pirq.Source).Order());
        Assert.Empty(Passthrough.MemoryOf(5));
    }

    [Fact]
    public void An_observer_sees_the_order_and_may_refuse()
    {
        List<LoopbackCall> seen = [];
        Passthrough.Observer = request =>
        {
            seen.Add(request.Call);
            if (request is { Call: LoopbackCall.MapMessage, Number: 1, Function: { } function } && function == Nic)
            {
                throw new HypervisorException("EIO", "as told");
            }
        };

        int[] pirqs = MapEntries(1);
        Assert.Equal("EIO", Assert.Throws<HypervisorException>(() => _physdev.MapMessage(5, Nic, 1, TableBase)).Errno);
        _physdev.Unmap(5, pirqs[0]);

        Assert.Equal([LoopbackCall.PrepareMsix, LoopbackCall.Assign, LoopbackCall.MapMessage, LoopbackCall.MapMessage, LoopbackCall.Unmap], seen);
    }

    private int[] MapEntries(int count)
    {
        _physdev.PrepareMsix(Nic);
        _domains.Assign(5, Nic, relaxed: false);
        return [.. Enumerable.Range(0, count).Select(entry => _physdev.MapMessage(5, Nic, entry, TableBase))];
    }
}
