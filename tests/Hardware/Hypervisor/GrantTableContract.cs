using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Tests.Hypervisor;

/// <summary>What every <see cref="IGrantTable"/> does.</summary>
public abstract unsafe class GrantTableContract
{
    private const string BadReference = "EINVAL";

    /// <summary>The mapping side.</summary>
    protected abstract IHypervisor Mapper { get; }

    /// <summary>The granting domain.</summary>
    protected abstract int GranterId { get; }

    /// <summary>Grants a zeroed page to the mapping side.</summary>
    protected abstract Granted Grant(bool readOnly = false);

    /// <summary>A granted page: what both implementations have of it.</summary>
    protected readonly record struct Granted(uint Reference, nint Address, IDisposable Page);

    [Fact]
    public void A_mapping_is_the_granted_memory()
    {
        Granted granted = Grant();
        using IGrantTable table = Mapper.OpenGrantTable();
        using IGrantMapping mapping = table.Map(GranterId, granted.Reference);
        var theirs = new Span<byte>((void*)granted.Address, 4096);
        var ours = new Span<byte>(mapping.Address, 4096);
        Assert.Equal(-1, ours.IndexOfAnyExcept((byte)0));

        theirs[0] = 1;
        theirs[4095] = 2;
        Assert.Equal((1, 2), (ours[0], ours[4095]));
        ours[2048] = 3;
        Assert.Equal(3, theirs[2048]);
        granted.Page.Dispose();
    }

    [Fact]
    public void A_mapped_page_starts_at_a_page_boundary()
    {
        Granted granted = Grant();
        using IGrantTable table = Mapper.OpenGrantTable();
        using IGrantMapping mapping = table.Map(GranterId, granted.Reference);

        Assert.Equal(0, (nint)mapping.Address % 4096);
        granted.Page.Dispose();
    }

    [Fact]
    public void One_page_can_be_mapped_more_than_once()
    {
        Granted granted = Grant();
        using IGrantTable table = Mapper.OpenGrantTable();
        using IGrantMapping first = table.Map(GranterId, granted.Reference);
        using IGrantMapping second = table.Map(GranterId, granted.Reference);

        first.Address[7] = 9;
        first.Dispose();

        Assert.Equal(9, second.Address[7]);
        granted.Page.Dispose();
    }

    [Fact]
    public void A_mapping_outlives_the_interface_it_was_made_with()
    {
        Granted granted = Grant();
        IGrantTable table = Mapper.OpenGrantTable();
        using IGrantMapping mapping = table.Map(GranterId, granted.Reference);
        table.Dispose();

        mapping.Address[1] = 5;

        Assert.Equal(5, ((byte*)granted.Address)[1]);
        granted.Page.Dispose();
    }

    [Fact]
    public void An_unknown_reference_is_refused()
    {
        using IGrantTable table = Mapper.OpenGrantTable();

        Assert.Equal(BadReference, Assert.Throws<HypervisorException>(() => table.Map(GranterId, 60_000)).Errno);
        Assert.Equal(BadReference, Assert.Throws<HypervisorException>(() => table.Map(0x7000, 8)).Errno);
    }

    [Fact]
    public void A_read_only_grant_is_refused()
    {
        Granted granted = Grant(readOnly: true);
        using IGrantTable table = Mapper.OpenGrantTable();

        // gntdev reports every failed mapping as EINVAL, so both names are right.
        string errno = Assert.Throws<HypervisorException>(() => table.Map(GranterId, granted.Reference)).Errno;

        Assert.Contains(errno, new[] { "EPERM", "EINVAL" });
        granted.Page.Dispose();
    }

    [Fact]
    public void Disposing_twice_is_harmless()
    {
        Granted granted = Grant();
        using IGrantTable table = Mapper.OpenGrantTable();
        IGrantMapping mapping = table.Map(GranterId, granted.Reference);
        using IGrantMapping other = table.Map(GranterId, granted.Reference);

        mapping.Dispose();
        mapping.Dispose();

        other.Address[0] = 1;
        Assert.Equal(1, ((byte*)granted.Address)[0]);
        granted.Page.Dispose();
    }
}
