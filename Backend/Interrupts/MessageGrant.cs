
using PciBackFlow.Backend.Grants;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>Messages that a guest has: what was mapped, and what takes it back. Never changed.</summary>
/// <param name="Mode">MSI or MSI-X.</param>
/// <param name="Pirqs">The guest's numbers in the order it asked for them.</param>
/// <param name="Mapped">The pirqs to unmap: all of them, or the first of consecutive ones.</param>
/// <param name="MultipleMessage">MSI: log2 of the messages mapped, 0 to 5.</param>
/// <param name="Ticket">Its number, above 0; no other grant has the same.</param>
/// <param name="Entry">Where it is written down; null when nobody does.</param>
internal sealed record MessageGrant(InterruptMode Mode, int[] Pirqs, int[] Mapped, int MultipleMessage, long Ticket, JournalEntry? Entry);
