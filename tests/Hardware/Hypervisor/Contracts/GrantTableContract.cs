using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>What every <see cref="IGrantTable"/> does.</summary>
public static unsafe class GrantTableContract
{
    private const Errno BadReference = Errno.EINVAL;

    /// <summary>All of it.</summary>
    public static IReadOnlyList<ContractCheck<GrantTableSubject>> Checks { get; } =
    [
        ContractCheck.Of<GrantTableSubject>(A_mapping_is_the_granted_memory),
        ContractCheck.Of<GrantTableSubject>(A_mapped_page_starts_at_a_page_boundary),
        ContractCheck.Of<GrantTableSubject>(One_page_can_be_mapped_more_than_once),
        ContractCheck.Of<GrantTableSubject>(A_mapping_outlives_the_interface_it_was_made_with),
        ContractCheck.Of<GrantTableSubject>(An_unknown_reference_is_refused),
        ContractCheck.Of<GrantTableSubject>(A_read_only_grant_is_refused),
        ContractCheck.Of<GrantTableSubject>(Disposing_twice_is_harmless),
    ];

    public static void A_mapping_is_the_granted_memory(GrantTableSubject x)
    {
        SharedTestPage granted = x.Grant(false);
        using IGrantTable table = x.Open();
        using IGrantMapping mapping = table.Map(x.GranterId, granted.Reference);
        var theirs = new Span<byte>((void*)granted.Address, 4096);
        var ours = new Span<byte>(mapping.Address, 4096);
        Check.Equal(-1, ours.IndexOfAnyExcept((byte)0));

        theirs[0] = 1;
        theirs[4095] = 2;
        Check.Equal((1, 2), (ours[0], ours[4095]));
        ours[2048] = 3;
        Check.Equal(3, theirs[2048]);
        granted.Page.Dispose();
    }

    public static void A_mapped_page_starts_at_a_page_boundary(GrantTableSubject x)
    {
        SharedTestPage granted = x.Grant(false);
        using IGrantTable table = x.Open();
        using IGrantMapping mapping = table.Map(x.GranterId, granted.Reference);

        Check.Equal(0, (nint)mapping.Address % 4096);
        granted.Page.Dispose();
    }

    public static void One_page_can_be_mapped_more_than_once(GrantTableSubject x)
    {
        SharedTestPage granted = x.Grant(false);
        using IGrantTable table = x.Open();
        using IGrantMapping first = table.Map(x.GranterId, granted.Reference);
        using IGrantMapping second = table.Map(x.GranterId, granted.Reference);

        first.Address[7] = 9;
        first.Dispose();

        Check.Equal(9, second.Address[7]);
        granted.Page.Dispose();
    }

    public static void A_mapping_outlives_the_interface_it_was_made_with(GrantTableSubject x)
    {
        SharedTestPage granted = x.Grant(false);
        IGrantTable table = x.Open();
        using IGrantMapping mapping = table.Map(x.GranterId, granted.Reference);
        table.Dispose();

        mapping.Address[1] = 5;

        Check.Equal(5, ((byte*)granted.Address)[1]);
        granted.Page.Dispose();
    }

    public static void An_unknown_reference_is_refused(GrantTableSubject x)
    {
        using IGrantTable table = x.Open();

        Check.Equal(BadReference, Check.Refused(() => table.Map(x.GranterId, 60_000)));
        Check.Equal(BadReference, Check.Refused(() => table.Map(0x7000, 8)));
    }

    public static void A_read_only_grant_is_refused(GrantTableSubject x)
    {
        SharedTestPage granted = x.Grant(true);
        using IGrantTable table = x.Open();

        // gntdev reports every failed mapping as EINVAL, so both are right.
        Errno errno = Check.Refused(() => table.Map(x.GranterId, granted.Reference));

        Check.True(errno is Errno.EPERM or Errno.EINVAL, errno.Name());
        granted.Page.Dispose();
    }

    public static void Disposing_twice_is_harmless(GrantTableSubject x)
    {
        SharedTestPage granted = x.Grant(false);
        using IGrantTable table = x.Open();
        IGrantMapping mapping = table.Map(x.GranterId, granted.Reference);
        using IGrantMapping other = table.Map(x.GranterId, granted.Reference);

        mapping.Dispose();
        mapping.Dispose();

        other.Address[0] = 1;
        Check.Equal(1, ((byte*)granted.Address)[0]);
        granted.Page.Dispose();
    }
}
