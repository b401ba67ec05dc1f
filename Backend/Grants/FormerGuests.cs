using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>Which guests could map a device's memory, by the journal: those that have it, and those that had it in this life.</summary>
/// <param name="services">The journal, and who knows which lives have ended.</param>
internal sealed class FormerGuests(GrantServices services) : IFormerGuests
{
    /// <inheritdoc/>
    public IReadOnlyList<int> LivingOf(PciAddress device)
    {
        IReadOnlyList<Grant> memory = DeviceRanges.MemoryOf(services.Custody, device);
        try
        {
            // A frame that another device shares with it counts as well: whoever could map that has reached this one's registers.
            return
            [
                .. services.Journal.MappableEntries()
                    .Where(entry => entry.Device == device || memory.Any(entry.Grant.Overlaps))
                    .Select(static entry => entry.Life).Distinct()
                    .Where(services.Domains.IsAlive)
                    .Select(static life => life.DomainId).Order(),
            ];
        }
        catch (HypervisorException failure)
        {
            throw new BackendException(BackendFailure.Failed, $"{device}: Xen did not say which guests live: {failure.Message}", failure);
        }
    }
}
