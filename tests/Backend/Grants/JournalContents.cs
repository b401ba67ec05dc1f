using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;

namespace PciBackFlow.Backend.Tests.Grants;

/// <summary>All that is open in a journal: the sum of its answers, which therefore leave nothing out.</summary>
internal static class JournalContents
{
    public static IReadOnlyList<JournalEntry> Entries(this GrantJournal journal)
    {
        JournalEntry[] entries =
        [
            .. journal.Lives().SelectMany(journal.AttachmentsOf),
            .. journal.Lives().SelectMany(journal.MessagesOf),
            .. journal.Lives().SelectMany(journal.PausesOf),
            .. journal.Lives().SelectMany(journal.ReachedOf),
            .. journal.Wishes(),
        ];
        return [.. entries.OrderBy(static entry => entry.Id)];
    }
}
