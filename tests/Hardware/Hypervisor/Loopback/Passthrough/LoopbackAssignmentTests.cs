using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Passthrough;

/// <summary>Which domain has a function: where it may go, and where it returns to.</summary>
public sealed class LoopbackAssignmentTests : LoopbackMachine
{
    [Fact]
    public void A_function_without_iommu_can_not_be_assigned()
    {
        var host = new LoopbackHost(new LoopbackPlatform { HasIommu = false });
        host.CreateDomain(5);
        using IDomainControl domains = host.BackendView.OpenDomainControl();

        Assert.False(domains.CanAssignDevices);
        Assert.False(domains.RemapsInterrupts());
        Assert.Equal(Errno.EOPNOTSUPP, Assert.Throws<HypervisorException>(() => domains.Assign(5, Nic, relaxed: false)).Errno);
        Assert.False(domains.IsAssignedToGuest(Nic));
        Assert.Empty(domains.GroupOf(0, Nic));
    }

    [Fact]
    public void A_guest_created_without_passthrough_gets_no_function()
    {
        Guest.AllowsPassthrough = false;

        Assert.Equal(Errno.EOPNOTSUPP, Assert.Throws<HypervisorException>(() => Control.Assign(5, Nic, relaxed: false)).Errno);
    }

    /// <summary>As Xen does it (domain_kill, xen/common/domain.c): they go before the domain does.</summary>
    [Fact]
    public void Who_does_not_find_a_destroyed_domain_does_not_find_its_functions_assigned_to_it()
    {
        bool stop = false;
        int ends = 0;
        int orphans = 0;
        Thread observer = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                // Both looks within one destruction: the next life of that number has the function again.
                int before = Volatile.Read(ref ends);
                bool isOrphan = Control.Find(7) is null && Control.IsAssignedToGuest(Nic);
                orphans += isOrphan && before % 2 == 1 && Volatile.Read(ref ends) == before ? 1 : 0;
            }
        });
        for (int i = 0; i < 300; i++)
        {
            LoopbackHypervisor own = Host.CreateDomain(7).View;
            Control.Assign(7, Nic, relaxed: false);
            for (int page = 0; page < 50; page++)
            {
                own.Grant(0);
            }

            if (i == 0)
            {
                observer.Start();
            }

            Interlocked.Increment(ref ends);
            Host.DestroyDomain(7);
            Interlocked.Increment(ref ends);
        }

        Volatile.Write(ref stop, true);
        observer.Join();
        Assert.Equal(0, orphans);
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
}
