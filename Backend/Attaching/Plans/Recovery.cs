using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>A guest that an earlier daemon left with devices: what the plan of recovery works on. On the guest's queue.</summary>
/// <param name="services">What it acts through.</param>
/// <param name="pauses">Who makes guests stand still.</param>
/// <param name="life">The guest.</param>
internal sealed class Recovery(ToolstackServices services, GuestPauses pauses, DomainLife life)
{
    public ToolstackServices Services => services;

    public GuestPauses Pauses => pauses;

    public DomainLife Life => life;

    /// <summary>What is in the journal of each of its devices, beside what its directory says.</summary>
    public IEnumerable<RecoveredDevice> Devices()
    {
        bool isAlive = services.Domains.IsAlive(life);
        GuestDirectory? directory = isAlive ? DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId)) : null;
        foreach (IGrouping<PciAddress, JournalEntry> device in services.Journal.AttachmentsOf(life).GroupBy(static entry => entry.Device))
        {
            yield return new(this, device.Key, [.. device], directory?.Find(device.Key));
        }
    }
}
