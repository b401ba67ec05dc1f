using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>What every <see cref="IPhysdev"/> and <see cref="IDomainControl"/> do. Each check leaves everything as it found it.</summary>
public static class PassthroughContract
{
    // No guest gets as high an id as this in a test, and it is a guest's.
    private const int NoDomain = 0x7EEE;

    /// <summary>All of it.</summary>
    public static IReadOnlyList<ContractCheck<PassthroughSubject>> Checks { get; } =
    [
        ContractCheck.Of<PassthroughSubject>(A_domain_is_found_and_listed),
        ContractCheck.Of<PassthroughSubject>(An_id_that_no_domain_has_is_not_found),
        ContractCheck.Of<PassthroughSubject>(A_pause_is_counted),
        ContractCheck.Of<PassthroughSubject>(A_function_belongs_to_one_guest),
        ContractCheck.Of<PassthroughSubject>(A_function_goes_to_a_guest_from_quarantine),
        ContractCheck.Of<PassthroughSubject>(An_assignment_that_can_not_be_is_refused),
        ContractCheck.Of<PassthroughSubject>(A_functions_group_has_the_function_itself),
        ContractCheck.Of<PassthroughSubject>(Msix_is_mapped_after_preparation_and_assignment),
        ContractCheck.Of<PassthroughSubject>(An_entry_beyond_the_table_is_refused),
        ContractCheck.Of<PassthroughSubject>(Preparation_is_once_and_ends_when_no_entry_is_mapped),
        ContractCheck.Of<PassthroughSubject>(An_unknown_function_has_no_msix_to_prepare),
        ContractCheck.Of<PassthroughSubject>(Messages_of_a_mapped_function_are_restored),
        ContractCheck.Of<PassthroughSubject>(One_msi_vector_is_mapped_and_unmapped),
        ContractCheck.Of<PassthroughSubject>(Two_msi_vectors_follow_each_other_and_a_function_of_one_is_offered_one),
        ContractCheck.Of<PassthroughSubject>(Whether_interrupts_are_remapped_is_told_and_maps_nothing),
        ContractCheck.Of<PassthroughSubject>(A_line_keeps_its_number),
        ContractCheck.Of<PassthroughSubject>(Nothing_is_mapped_for_a_domain_that_is_not),
        ContractCheck.Of<PassthroughSubject>(Memory_is_granted_and_revoked),
        ContractCheck.Of<PassthroughSubject>(Ports_are_granted_and_revoked),
        ContractCheck.Of<PassthroughSubject>(A_line_is_granted_and_revoked),
    ];

    public static void A_domain_is_found_and_listed(PassthroughSubject x)
    {
        DomainInfo? guest = x.Domains.Find(x.GuestId);
        DomainInfo[] listed = [.. x.Domains.List()];

        Check.Equal(x.GuestId, guest?.DomainId);
        Check.False(guest!.Value.Handle == Guid.Empty);
        Check.False(guest.Value.IsDying || guest.Value.IsHardwareVirtualized || guest.Value.IsShutdown);
        Check.Equal(guest.Value, listed.Single(d => d.DomainId == x.GuestId));
        Check.Equal(0, listed[0].DomainId);
        Check.Sequence(listed.Select(d => d.DomainId).Order(), listed.Select(d => d.DomainId));
        Check.Equal(listed[0].Handle, x.Domains.Find(0)?.Handle);
    }

    public static void An_id_that_no_domain_has_is_not_found(PassthroughSubject x)
    {
        Check.Null(x.Domains.Find(NoDomain));
        Check.Null(x.Domains.Find(x.GuestId + 100));
        Check.Null(x.Domains.Find(-1));
        Check.Null(x.Domains.Find(70_000));
    }

    public static void A_pause_is_counted(PassthroughSubject x)
    {
        bool before = x.Domains.Find(x.GuestId)!.Value.IsPaused;

        x.Domains.Pause(x.GuestId);
        x.Domains.Pause(x.GuestId);
        x.Domains.Unpause(x.GuestId);
        Check.True(x.Domains.Find(x.GuestId)!.Value.IsPaused);
        x.Domains.Unpause(x.GuestId);

        Check.Equal(before, x.Domains.Find(x.GuestId)!.Value.IsPaused);
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Domains.Pause(0)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Domains.Pause(NoDomain)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Domains.Unpause(NoDomain)));
    }

    public static void A_function_belongs_to_one_guest(PassthroughSubject x)
    {
        Check.False(x.Domains.IsAssignedToGuest(x.Function));
        using (new Assigned(x))
        {
            Check.True(x.Domains.IsAssignedToGuest(x.Function));
            Check.Equal(Errno.EBUSY, Check.Refused(() => x.Domains.Assign(x.GuestId, x.Function, relaxed: false)));
            Check.Equal(Errno.EBUSY, Check.Refused(() => x.Domains.Assign(DomainInfo.Quarantine, x.Function, relaxed: true)));
        }

        Check.False(x.Domains.IsAssignedToGuest(x.Function));
        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Domains.Deassign(x.GuestId, x.Function)));
    }

    public static void A_function_goes_to_a_guest_from_quarantine(PassthroughSubject x)
    {
        x.Domains.Assign(DomainInfo.Quarantine, x.Function, relaxed: true);
        Check.False(x.Domains.IsAssignedToGuest(x.Function));

        using (new Assigned(x))
        {
            Check.Equal(Errno.ENODEV, Check.Refused(() => x.Domains.Deassign(DomainInfo.Quarantine, x.Function)));
        }
    }

    public static void An_assignment_that_can_not_be_is_refused(PassthroughSubject x)
    {
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Domains.Assign(NoDomain, x.Function, relaxed: false)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Domains.Deassign(NoDomain, x.Function)));
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Domains.Assign(0, x.Function, relaxed: false)));
        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Domains.Assign(x.GuestId, x.Unknown, relaxed: false)));
        Check.True(x.Domains.IsAssignedToGuest(x.Unknown));
    }

    public static void A_functions_group_has_the_function_itself(PassthroughSubject x)
    {
        Check.True(x.Domains.GroupOf(0, x.Function).Count(f => f == x.Function) == 1);
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Domains.GroupOf(DomainInfo.Quarantine, x.Function)));
    }

    public static void Msix_is_mapped_after_preparation_and_assignment(PassthroughSubject x)
    {
        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Physdev.MapMessage(x.GuestId, x.Function, 0, x.TableBase)));
        using (new Assigned(x))
        {
            Check.Equal(Errno.ENODATA, Check.Refused(() => x.Physdev.MapMessage(x.GuestId, x.Function, 0, x.TableBase)));
            x.Physdev.PrepareMsix(x.Function);
            int[] pirqs = [.. Enumerable.Range(0, 3).Select(entry => x.Physdev.MapMessage(x.GuestId, x.Function, entry, x.TableBase))];
            Check.True(pirqs.All(pirq => pirq > 0) && pirqs.Distinct().Count() == 3, $"pirqs {string.Join(", ", pirqs)}");

            foreach (int pirq in pirqs)
            {
                x.Physdev.Unmap(x.GuestId, pirq);
                Check.Equal(Errno.EINVAL, Check.Refused(() => x.Physdev.Unmap(x.GuestId, pirq)));
            }

            x.Physdev.ReleaseMsix(x.Function);
        }
    }

    public static void An_entry_beyond_the_table_is_refused(PassthroughSubject x)
    {
        using var prepared = new Prepared(x);

        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Physdev.MapMessage(x.GuestId, x.Function, 2048, x.TableBase)));
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Physdev.MapMessage(x.GuestId, x.Function, 65535, x.TableBase)));
    }

    public static void Preparation_is_once_and_ends_when_no_entry_is_mapped(PassthroughSubject x)
    {
        Check.Equal(Errno.EBUSY, Check.Refused(() => x.Physdev.ReleaseMsix(x.Function)));
        using (new Prepared(x))
        {
            Check.Equal(Errno.EBUSY, Check.Refused(() => x.Physdev.PrepareMsix(x.Function)));
            int pirq = x.Physdev.MapMessage(x.GuestId, x.Function, 1, x.TableBase);
            Check.Equal(Errno.EBUSY, Check.Refused(() => x.Physdev.ReleaseMsix(x.Function)));
            x.Physdev.Unmap(x.GuestId, pirq);

            // The preparation outlives the entries: a driver that comes back finds it.
            x.Physdev.Unmap(x.GuestId, x.Physdev.MapMessage(x.GuestId, x.Function, 1, x.TableBase));
        }

        Check.Equal(Errno.EBUSY, Check.Refused(() => x.Physdev.ReleaseMsix(x.Function)));
    }

    public static void An_unknown_function_has_no_msix_to_prepare(PassthroughSubject x)
    {
        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Physdev.PrepareMsix(x.Unknown)));
        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Physdev.ReleaseMsix(x.Unknown)));
        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Physdev.RestoreMessages(x.Unknown)));
        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Physdev.PrepareMsix(x.Function with { Domain = 0x10000 })));
    }

    public static void Messages_of_a_mapped_function_are_restored(PassthroughSubject x)
    {
        using var prepared = new Prepared(x);
        int pirq = x.Physdev.MapMessage(x.GuestId, x.Function, 0, x.TableBase);

        x.Physdev.RestoreMessages(x.Function);

        x.Physdev.Unmap(x.GuestId, pirq);
        x.Physdev.RestoreMessages(x.Function);
    }

    public static void One_msi_vector_is_mapped_and_unmapped(PassthroughSubject x)
    {
        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Physdev.MapMessage(x.GuestId, x.Function, 0, 0)));
        using var assigned = new Assigned(x);

        int pirq = x.Physdev.MapMessage(x.GuestId, x.Function, 0, 0);

        Check.True(pirq > 0);
        x.Physdev.Unmap(x.GuestId, pirq);
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Physdev.Unmap(x.GuestId, pirq)));
    }

    public static void Two_msi_vectors_follow_each_other_and_a_function_of_one_is_offered_one(PassthroughSubject x)
    {
        using var assigned = new Assigned(x);

        int first = x.Physdev.MapMessages(x.GuestId, x.Function, 2, out int available);

        Check.Equal(x.Messages >= 2, first > 0);
        Check.Equal(first == 0 ? 1 : 0, available);
        if (first > 0)
        {
            Check.Equal(Errno.EBUSY, Check.Refused(() => x.Physdev.Unmap(x.GuestId, first + 1)));
            x.Physdev.Unmap(x.GuestId, first);
            Check.Equal(Errno.EINVAL, Check.Refused(() => x.Physdev.Unmap(x.GuestId, first + 1)));
        }
    }

    // The subject's host remaps interrupts. As often as this, whatever each answer kept would be missed: Xen has some 200 vectors for a processor.
    public static void Whether_interrupts_are_remapped_is_told_and_maps_nothing(PassthroughSubject x)
    {
        for (int i = 0; i < 1000; i++)
        {
            Check.Equal(true, x.Domains.RemapsInterrupts());
        }

        Check.Equal(Errno.ENODEV, Check.Refused(() => x.Physdev.MapMessages(x.GuestId, x.Unknown, 2, out _)));
    }

    public static void A_line_keeps_its_number(PassthroughSubject x)
    {
        Check.Equal(x.Line, x.Physdev.MapLine(x.GuestId, x.Line));
        Check.Equal(x.Line, x.Physdev.MapLine(x.GuestId, x.Line));
        x.Physdev.Unmap(x.GuestId, x.Line);
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Physdev.Unmap(x.GuestId, x.Line)));
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Physdev.MapLine(x.GuestId, 5000)));
    }

    public static void Nothing_is_mapped_for_a_domain_that_is_not(PassthroughSubject x)
    {
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Physdev.MapMessage(NoDomain, x.Function, 0, x.TableBase)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Physdev.MapMessages(NoDomain, x.Function, 2, out _)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Physdev.MapLine(NoDomain, x.Line)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Physdev.Unmap(NoDomain, x.Line)));
    }

    public static void Memory_is_granted_and_revoked(PassthroughSubject x)
    {
        x.Domains.AllowMemory(x.GuestId, x.TableBase >> 12, 1, allow: true);
        x.Domains.AllowMemory(x.GuestId, x.TableBase >> 12, 1, allow: false);
        x.Domains.AllowMemory(x.GuestId, x.TableBase >> 12, 1, allow: false);
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Domains.AllowMemory(x.GuestId, x.TableBase >> 12, 0, allow: true)));
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Domains.AllowMemory(x.GuestId, ulong.MaxValue - 1, 4, allow: true)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Domains.AllowMemory(NoDomain, x.TableBase >> 12, 1, allow: true)));
    }

    public static void Ports_are_granted_and_revoked(PassthroughSubject x)
    {
        x.Domains.AllowPorts(x.GuestId, 0xC000, 32, allow: true);
        x.Domains.AllowPorts(x.GuestId, 0xC000, 32, allow: false);
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Domains.AllowPorts(x.GuestId, 0xC000, 0, allow: true)));
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Domains.AllowPorts(x.GuestId, 0xFFFF, 2, allow: true)));
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Domains.AllowPorts(NoDomain, 0xC000, 32, allow: true)));
    }

    public static void A_line_is_granted_and_revoked(PassthroughSubject x)
    {
        x.Domains.AllowInterrupt(x.GuestId, x.Line, allow: true);
        x.Domains.AllowInterrupt(x.GuestId, x.Line, allow: false);
        Check.Equal(Errno.ESRCH, Check.Refused(() => x.Domains.AllowInterrupt(NoDomain, x.Line, allow: true)));
    }

    /// <summary>The function is the guest's, and domain 0's again afterwards.</summary>
    private class Assigned : IDisposable
    {
        public Assigned(PassthroughSubject x)
        {
            X = x;
            x.Domains.Assign(x.GuestId, x.Function, relaxed: false);
        }

        protected PassthroughSubject X { get; }

        public virtual void Dispose()
        {
            X.Domains.Deassign(X.GuestId, X.Function);
            try
            {
                X.Domains.Deassign(DomainInfo.Quarantine, X.Function);
            }
            catch (HypervisorException e) when (e.Errno == Errno.ENODEV)
            {
                // It went back to domain 0 at once, as Xen was told at boot.
            }
        }
    }

    /// <summary>Its MSI-X is prepared besides.</summary>
    private sealed class Prepared : Assigned
    {
        public Prepared(PassthroughSubject x)
            : base(Prepare(x))
        {
        }

        public override void Dispose()
        {
            base.Dispose();
            X.Physdev.ReleaseMsix(X.Function);
        }

        private static PassthroughSubject Prepare(PassthroughSubject x)
        {
            x.Physdev.PrepareMsix(x.Function);
            return x;
        }
    }
}
