using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// Messages that an earlier daemon mapped for guests: nobody in this process looks after them. Those that this process mapped are <see
/// cref="MessageJournal"/>'s.
/// </summary>
internal static class InheritedMessages
{
    /// <summary>Unmaps those of one device and closes them in the journal; the device is stopped. What the guest's end took counts as unmapped.</summary>
    /// <returns>What could not be unmapped and stays in the journal; empty when everything went.</returns>
    /// <exception cref="HypervisorException">The guest can't be looked at.</exception>
    public static IReadOnlyList<string> RevokeAll(GrantServices services, DomainLife life, PciAddress device)
    {
        List<string> failures = [];
        foreach (JournalEntry entry in services.Journal.InheritedMessagesOf(life).Where(entry => entry.Device == device).Reverse())
        {
            try
            {
                if (services.Domains.IsThere(life))
                {
                    Unmap(services, entry);
                }

                services.Journal.Close(entry);
            }
            catch (Exception e) when (e is HypervisorException or IOException)
            {
                GrantLog.NotRevoked(services.Logger, life.DomainId, device, entry.Grant.Kind, e);
                failures.Add($"{entry.Grant.Kind}: {e.Message}");
            }
        }

        return failures;
    }

    /// <summary>Unmaps an entry's pirqs; the guest is there.</summary>
    /// <exception cref="HypervisorException">Xen refused.</exception>
    internal static void Unmap(GrantServices services, JournalEntry entry)
    {
        if (!entry.IsDone)
        {
            GrantLog.UnknownMessages(services.Logger, entry.Life.DomainId, entry.Device);
        }

        // Numbers come back: what a younger entry names is that one's, and this one only could not be closed.
        IReadOnlySet<int> others = services.Journal.PirqsBegunAfter(entry);
        foreach (int pirq in entry.Grant.Pirqs().Where(pirq => !others.Contains(pirq)))
        {
            MappedPirqs.Unmap(services.Physdev, entry.Life.DomainId, pirq);
        }
    }
}
