using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>A guest that is back as a new domain, with devices that are kept for it: what the plan for it works on.</summary>
/// <param name="services">What it acts through.</param>
/// <param name="pauses">Who makes guests stand still.</param>
/// <param name="guests">Whose queues settle and attach.</param>
/// <param name="life">Its new life.</param>
/// <param name="wishes">What is kept for it.</param>
internal sealed class GuestReturn(ToolstackServices services, GuestPauses pauses, IGuestChanges guests, DomainLife life, IReadOnlyList<JournalEntry> wishes)
{
    private JournalEntry? _pause;

    public ToolstackServices Services => services;

    public IGuestChanges Guests => guests;

    public DomainLife Life => life;

    public IReadOnlyList<JournalEntry> Wishes => wishes;

    /// <summary>Makes it stand still until it has them, if it had not started yet.</summary>
    public void Pause() => _pause = pauses.Begin(life, wishes[0].Device);

    /// <summary>Lets it go.</summary>
    public void Unpause() => pauses.End(_pause!);
}
