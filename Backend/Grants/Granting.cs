using PciBackFlow.Backend.Domains;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>A device that is being granted to a guest: what the plan for it works on. One thread's.</summary>
/// <param name="services">What it acts through.</param>
/// <param name="life">To whom.</param>
/// <param name="device">What.</param>
/// <param name="isRelaxed">Whether reserved memory that it shares is accepted.</param>
internal sealed class Granting(GrantServices services, DomainLife life, PciAddress device, bool isRelaxed)
{
    private int? _line;

    public GrantServices Services => services;

    public DomainLife Life => life;

    public PciAddress Device => device;

    public bool IsRelaxed => isRelaxed;

    /// <summary>The GSI of its line; 0 when it has none.</summary>
    public int Line => _line ??= services.Custody.LineOf(device);

    /// <summary>What the step under way is to give, or the last one gave; as it is in the journal.</summary>
    public JournalEntry? Entry { get; set; }

    /// <summary>What the step under way gave where only that tells: the pirq of a line. Null: what was intended.</summary>
    public Grant? Given { get; set; }

    /// <summary>The guest's pirq for its line, once that is mapped.</summary>
    public ulong Pirq { get; set; }

    /// <summary>
    /// Its ports and its memory as the host placed them, memory last; those without a place, and a ROM that the guest is not to have, are not there.
    /// </summary>
    public IEnumerable<RangeGranting> Ranges() =>
        DeviceRanges.Of(services.Custody, device, services.HasRom(device)).Select(found => new RangeGranting(this, found.Range, found.IsPorts));
}
