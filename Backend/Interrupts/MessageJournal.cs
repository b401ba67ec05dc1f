using System.Collections.Concurrent;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// Writes down which pirqs guests have for messages, so that a later daemon can unmap what it did not map. One line before and one after they are mapped: a
/// daemon that is killed in between leaves an intent that does not know them. Thread-safe.
/// </summary>
/// <param name="journal">The grants' journal.</param>
/// <param name="domains">Who knows the guests' UUIDs.</param>
internal sealed class MessageJournal(GrantJournal journal, IDomainControl domains)
{
    // What could not be written.
    private readonly ConcurrentQueue<(JournalEntry Entry, IReadOnlyList<int> Left)> _late = new();

    /// <summary>Messages of a function are about to be mapped.</summary>
    /// <returns>The entry.</returns>
    /// <exception cref="IOException">It could not be written: nothing may be mapped.</exception>
    /// <exception cref="HypervisorException">The guest can't be asked for, or is gone (ESRCH).</exception>
    /// <exception cref="ObjectDisposedException">The daemon is ending.</exception>
    public JournalEntry Begin(int domainId, PciAddress function)
    {
        CatchUp();
        return journal.Begin(LifeOf(domainId), function, GrantOwner.Us, new(GrantKind.Messages));
    }

    /// <summary>They are mapped.</summary>
    /// <param name="entry">Their entry.</param>
    /// <param name="capability">What sends them.</param>
    /// <param name="count">How many it sends.</param>
    /// <param name="pirqs">The pirqs to unmap.</param>
    /// <returns>The entry as it is now.</returns>
    /// <exception cref="IOException">It could not be written: they must be unmapped.</exception>
    /// <exception cref="ObjectDisposedException">The daemon is ending.</exception>
    public JournalEntry Mapped(JournalEntry entry, CapabilityId capability, int count, ReadOnlySpan<int> pirqs) =>
        journal.Complete(entry, Grant.MessagesOf(pirqs, capability, count));

    /// <summary>They are not mapped any more, but for those that could not be unmapped: the next daemon tries again.</summary>
    public void Unmapped(JournalEntry entry, IReadOnlyList<int> left)
    {
        CatchUp();
        TryNote(entry, left);
    }

    /// <summary>What an earlier daemon mapped for the guest that has a function now.</summary>
    /// <returns>The entries in the order in which they were begun, each with those of its pirqs that no younger entry names: numbers come back.</returns>
    /// <exception cref="HypervisorException">The guest can't be asked for, or is gone (ESRCH).</exception>
    public IReadOnlyList<(JournalEntry Entry, int[] Pirqs)> InheritedOf(int domainId, PciAddress function)
    {
        List<(JournalEntry, int[])> found = [];
        foreach (JournalEntry entry in journal.InheritedMessagesOf(LifeOf(domainId)).Where(entry => entry.Device == function))
        {
            IReadOnlySet<int> others = journal.PirqsBegunAfter(entry);
            found.Add((entry, [.. entry.Grant.Pirqs().Where(pirq => !others.Contains(pirq))]));
        }

        return found;
    }

    /// <summary>An earlier daemon's messages are the guest's still: who has the function looks after them, and nobody else takes them back.</summary>
    public void Continue(JournalEntry entry) => journal.Continue(entry);

    private DomainLife LifeOf(int domainId) =>
        DomainLife.Of(domains.Find(domainId) ?? throw new HypervisorException(Errno.ESRCH, $"there is no domain {domainId}"));

    private void TryNote(JournalEntry entry, IReadOnlyList<int> left)
    {
        try
        {
            if (left.Count == 0)
            {
                journal.Close(entry);
            }
            else
            {
                journal.Complete(entry, Grant.MessagesOf([.. left]));
            }
        }
        catch (IOException)
        {
            // Numbers come back: as long as it is open, it names what may be another device's by now.
            _late.Enqueue((entry, left));
        }
        catch (ObjectDisposedException)
        {
            // The daemon is ending. The next one takes a younger entry's word before this one's.
        }
    }

    private void CatchUp()
    {
        for (int count = _late.Count; count > 0 && _late.TryDequeue(out (JournalEntry Entry, IReadOnlyList<int> Left) late); count--)
        {
            TryNote(late.Entry, late.Left);
        }
    }
}
