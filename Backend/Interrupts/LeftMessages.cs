using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// Messages that an earlier daemon mapped for guests. Of a device that this daemon attached they go with its other grants; of one that xl attached they are all that
/// is this daemon's to take back.
/// </summary>
internal sealed class LeftMessages(ToolstackServices services)
{
    /// <summary>Whether a guest no longer has a device that it has such messages of.</summary>
    public static bool Any(ToolstackServices services, DomainLife life) => Of(services, life).Count > 0;

    /// <summary>Unmaps those of devices that the guest no longer has.</summary>
    /// <exception cref="HypervisorException">Xen refused; they stay in the journal.</exception>
    public void TakeBack(DomainLife life)
    {
        foreach (JournalEntry entry in Of(services, life))
        {
            LeftRunning.Stop(services, life, entry.Device);
            if (services.Domains.IsThere(life))
            {
                Unmap(services, entry);
            }

            services.Journal.Close(entry);
        }
    }

    /// <summary>Unmaps an entry's pirqs; the guest is there.</summary>
    /// <exception cref="HypervisorException">Xen refused.</exception>
    public static void Unmap(ToolstackServices services, JournalEntry entry)
    {
        if (!entry.IsDone)
        {
            ToolstackLog.UnknownMessages(services.Logger, entry.Life.DomainId, entry.Device);
        }

        // Numbers come back: what a younger entry names is that one's, and this one only could not be closed.
        IReadOnlySet<int> others = services.Journal.PirqsBegunAfter(entry);
        foreach (int pirq in entry.Grant.Pirqs().Where(pirq => !others.Contains(pirq)))
        {
            try
            {
                services.Physdev.Unmap(entry.Life.DomainId, pirq);
            }
            catch (HypervisorException e) when (e.Errno is Errno.ESRCH or Errno.EINVAL)
            {
                // The guest's end took it.
            }
        }
    }

    private static List<JournalEntry> Of(ToolstackServices services, DomainLife life)
    {
        HashSet<PciAddress> attached = [.. services.Journal.AttachmentsOf(life).Select(static entry => entry.Device)];
        List<JournalEntry> left = [.. services.Journal.InheritedMessagesOf(life).Where(entry => !attached.Contains(entry.Device))];
        if (left.Count == 0 || !services.Domains.IsAlive(life))
        {
            return left;
        }

        GuestDirectory directory = DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId));
        left.RemoveAll(entry => directory.Find(entry.Device) is not null);
        return left;
    }
}
