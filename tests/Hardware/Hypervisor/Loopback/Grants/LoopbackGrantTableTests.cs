using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Grants;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Loopback.Grants;

public sealed unsafe class LoopbackGrantTableTests
{
    private readonly LoopbackHost _host = new();

    public LoopbackGrantTableTests()
    {
        _host.CreateDomain(5);
        _host.CreateDomain(6);
    }

    public static TheoryData<string> Contract => [.. GrantTableContract.Checks.Select(check => check.Name)];

    private IHypervisor Mapper => _host.BackendView;

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_loopback_keeps_the_contract(string name) =>
        GrantTableContract.Checks.Single(check => check.Name == name).Run(new GrantTableSubject(Mapper.OpenGrantTable, 5, Grant));

    private SharedTestPage Grant(bool readOnly)
    {
        GrantedPage page = _host.ViewOf(5).Grant(0, readOnly);
        return new SharedTestPage(page.Reference, (nint)page.Address, page);
    }

    [Fact]
    public void A_page_granted_to_another_domain_is_refused()
    {
        using GrantedPage page = _host.ViewOf(5).Grant(0);
        using IGrantTable table = _host.ViewOf(6).OpenGrantTable();

        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(() => table.Map(5, page.Reference)).Errno);
    }

    [Fact]
    public void A_read_only_grant_is_refused_with_EPERM()
    {
        using GrantedPage page = _host.ViewOf(5).Grant(0, readOnly: true);
        using IGrantTable table = Mapper.OpenGrantTable();

        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(() => table.Map(5, page.Reference)).Errno);
    }

    [Fact]
    public void A_revoked_grant_can_not_be_mapped_but_a_mapping_of_it_lives_on()
    {
        GrantedPage page = _host.ViewOf(5).Grant(0);
        using IGrantTable table = Mapper.OpenGrantTable();
        using IGrantMapping mapping = table.Map(5, page.Reference);

        page.Revoke();
        page.Revoke();
        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => table.Map(5, page.Reference)).Errno);
        page.Dispose();

        mapping.Address[9] = 4;
        Assert.Equal(4, mapping.Address[9]);
    }

    [Fact]
    public void The_death_of_a_domain_ends_its_grants_and_leaves_mapped_pages_valid()
    {
        using GrantedPage page = _host.ViewOf(5).Grant(0);
        using IGrantTable table = Mapper.OpenGrantTable();
        using IGrantMapping mapping = table.Map(5, page.Reference);
        page.Address[3] = 8;

        _host.DestroyDomain(5);

        Assert.Equal(8, mapping.Address[3]);
        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => table.Map(5, page.Reference)).Errno);
    }

    [Fact]
    public void References_start_above_the_reserved_ones_and_differ()
    {
        using GrantedPage first = _host.ViewOf(5).Grant(0);
        using GrantedPage second = _host.ViewOf(5).Grant(0);

        Assert.True(first.Reference >= 8);
        Assert.NotEqual(first.Reference, second.Reference);
    }
}
