using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Grants;

/// <summary>
/// What the journal answers, of one set of entries: two guests at two devices, one of them in a former life, and two guests with next to nothing.
/// </summary>
public sealed class JournalQueriesTests : IDisposable
{
    private static readonly DomainLife Guest = new(7, new("11111111-2222-3333-4444-555555555555"));
    private static readonly DomainLife Former = new(5, Guest.Handle);
    private static readonly DomainLife Other = new(8, new("22222222-2222-3333-4444-555555555555"));
    private static readonly DomainLife WithMessages = new(9, new("33333333-2222-3333-4444-555555555555"));
    private static readonly DomainLife Paused = new(10, new("44444444-2222-3333-4444-555555555555"));
    private static readonly PciAddress Nic = new(0, 4, 0, 0);
    private static readonly PciAddress Disk = new(0, 5, 0, 0);

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, JournalEntry> _named = [];
    private GrantJournal _journal;

    public JournalQueriesTests()
    {
        _journal = Open();
        Done("nic note", Guest, Nic, new(GrantKind.OwnerNote));
        Done("nic memory", Guest, Nic, new(GrantKind.Memory, 0xFEB00, 16));
        Intent("nic ports", Guest, Nic, new(GrantKind.Ports, 0xC000, 32));
        Done("nic line", Guest, Nic, new(GrantKind.Pirq, 55, 20));
        Done("nic assignment", Guest, Nic, new(GrantKind.Assignment));
        Intent("nic keys", Guest, Nic, new(GrantKind.Nodes));
        Done("disk keys", Guest, Disk, new(GrantKind.Nodes), GrantOwner.Toolstack);
        Done("disk memory", Guest, Disk, new(GrantKind.Memory, 0xFEC00, 1), GrantOwner.Toolstack);
        Intent("other's nic", Other, Nic, new(GrantKind.Assignment));
        Done("other's memory", Other, Disk, new(GrantKind.Memory, 0xFED00, 1));
        Done("wish", Guest, Nic, new(GrantKind.Kept, Text: "04:00.0"));
        Done("former wish", Former, Disk, new(GrantKind.Kept, Text: "05:00.0"));
        Done("other's wish", Other, Nic, new(GrantKind.Kept, Text: "04:00.0"));
        Done("messages", Guest, Nic, new(GrantKind.Messages, Text: "57,58"));
        Done("pause", Guest, Nic, new(GrantKind.Pause));
        Done("other's messages", WithMessages, Disk, new(GrantKind.Messages, Text: "60"));
        Done("other's pause", Paused, Disk, new(GrantKind.Pause));
        _journal.NoteReached(Other, Nic, new(GrantKind.Memory, 0xFEB00, 16));
        _named["reached"] = _journal.Entries()[^1];
    }

    // The same by the daemon that wrote it and by the next one.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_question_is_answered_by_the_entries_that_belong_to_it(bool isNext)
    {
        if (isNext)
        {
            _journal.Dispose();
            _journal = Open();
        }

        Assert.Equal(17, _journal.Count);
        Assert.Equal([Guest, Other, Former, WithMessages, Paused], _journal.Lives());
        Assert.Equal([Guest, Other, WithMessages], _journal.LivesWithDevices());
        Are(["nic memory", "disk memory", "other's memory", "reached"], _journal.MappableEntries());
        Are(["reached"], _journal.ReachedOf(Other));
        Are([], _journal.ReachedOf(Guest));
        Are(
            ["nic note", "nic memory", "nic ports", "nic line", "nic assignment", "nic keys", "disk keys", "disk memory"],
            _journal.AttachmentsOf(Guest));
        Assert.Equal([Nic], _journal.OfferedTo(Guest));
        Assert.Empty(_journal.OfferedTo(Other));
        Assert.Equal((Guest, Guest, null), (_journal.HolderOf(Nic), _journal.HolderOf(Disk), _journal.HolderOf(new(0, 6, 0, 0))));
        Assert.Equal([Guest], _journal.AssignedTo(Nic));
        Assert.Empty(_journal.AssignedTo(Disk));
        Are(["nic keys"], _journal.KeysOf(Guest, Nic));
        Are(["disk keys"], _journal.KeysOf(Guest, Disk));
        Are([], _journal.KeysOf(Other, Nic));
        Are(["nic assignment", "nic line", "nic ports", "nic memory", "nic note"], _journal.RevocableOf(Guest, Nic));
        Are([], _journal.RevocableOf(Guest, Disk));
        Are(["other's memory"], _journal.RevocableOf(Other, Disk));
        Assert.Equal([_named["disk memory"].Grant], _journal.OthersLike(_named["nic memory"]));
        Assert.Empty(_journal.OthersLike(_named["other's memory"]));
        Are(["messages"], _journal.MessagesOf(Guest));
        Are(["pause"], _journal.PausesOf(Guest));
        Are(["wish", "former wish", "other's wish"], _journal.Wishes());
        Are(["wish", "former wish"], _journal.WishesOf(Guest));
        Are(["wish", "former wish"], _journal.WishesOf(Former));
        Are(["wish", "other's wish"], _journal.WishesFor(Nic));
        Assert.Equal([55, 57, 58], _journal.PirqsBegunAfter(_named["nic memory"]).Order());
        Assert.Equal([57, 58], _journal.PirqsBegunAfter(_named["nic line"]).Order());
        Assert.Empty(_journal.PirqsBegunAfter(_named["messages"]));
    }

    [Fact]
    public void Messages_are_inherited_from_another_daemon_until_this_one_goes_on_with_them()
    {
        Are([], _journal.InheritedMessagesOf(Guest));
        _journal.Dispose();
        _journal = Open();
        Are(["messages"], _journal.InheritedMessagesOf(Guest));

        Done("new messages", Guest, Nic, new(GrantKind.Messages, Text: "61"));
        Are(["messages"], _journal.InheritedMessagesOf(Guest));
        _journal.Continue(_named["messages"]);
        Are([], _journal.InheritedMessagesOf(Guest));
        Are(["messages", "new messages"], _journal.MessagesOf(Guest));
        Are(["other's messages"], _journal.InheritedMessagesOf(WithMessages));
    }

    public void Dispose()
    {
        _journal.Dispose();
        _folder.Dispose();
    }

    private GrantJournal Open() => GrantJournal.Open(_folder["run"], "this boot", NullLogger.Instance);

    private void Intent(string name, DomainLife life, PciAddress device, Grant grant) =>
        _named[name] = _journal.Begin(life, device, GrantOwner.Us, grant);

    private void Done(string name, DomainLife life, PciAddress device, Grant grant, GrantOwner owner = GrantOwner.Us) =>
        _named[name] = _journal.Complete(_journal.Begin(life, device, owner, grant));

    private void Are(string[] names, IEnumerable<JournalEntry> entries) => Assert.Equal(names.Select(name => _named[name]), entries);
}
