using PciBackFlow.Backend.Journal;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// Writes down which pirqs guests have for messages, so that a later daemon can unmap what it did not map. One line before and one after they are mapped: a
/// daemon that is killed in between leaves an intent that does not know them. Thread-safe.
/// </summary>
/// <param name="journal">The grants' journal.</param>
/// <param name="domains">Who knows the guests' UUIDs.</param>
internal sealed class MessageJournal(GrantJournal journal, IDomainControl domains)
{
    /// <summary>Messages of a function are about to be mapped.</summary>
    /// <returns>The entry.</returns>
    /// <exception cref="IOException">It could not be written: nothing may be mapped.</exception>
    /// <exception cref="HypervisorException">The guest can't be asked for, or is gone (ESRCH).</exception>
    /// <exception cref="ObjectDisposedException">The daemon is ending.</exception>
    public JournalEntry Begin(int domainId, PciAddress function)
    {
        DomainInfo domain = domains.Find(domainId) ?? throw new HypervisorException("ESRCH", $"there is no domain {domainId}");
        return journal.Begin(new(domainId, domain.Handle), function, GrantOwner.Us, new(GrantKind.Messages));
    }

    /// <summary>They are mapped.</summary>
    /// <returns>The entry as it is now.</returns>
    /// <exception cref="IOException">It could not be written: they must be unmapped.</exception>
    /// <exception cref="ObjectDisposedException">The daemon is ending.</exception>
    public JournalEntry Mapped(JournalEntry entry, ReadOnlySpan<int> pirqs) => journal.Complete(entry, Grant.MessagesOf(pirqs));

    /// <summary>None of them is mapped any more.</summary>
    public void Unmapped(JournalEntry entry)
    {
        try
        {
            journal.Close(entry);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It stays open, and the next daemon unmaps what is not mapped: harmless.
        }
    }
}
