using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Grants;

/// <summary>What a killed daemon leaves on file, and what its successor reads.</summary>
public sealed class GrantJournalTests
{
    private const string Boot = "boot-1";
    private static readonly DomainLife Guest = new(7, new("11111111-2222-3333-4444-555555555555"));
    private static readonly PciAddress Nic = new(0, 4, 0, 1);

    private static readonly string[] OldJournal =
    [
        OldLine("b1755ab4", 1, """kind":"OwnerNote","first":0,"count":0,"phase":"Result","owner":"Us"""),
        OldLine("8d1c6131", 2, """kind":"Memory","first":1043200,"count":16,"phase":"Result","owner":"Us"""),
        OldLine("b53eeaa6", 3, """kind":"Ports","first":49152,"count":32,"phase":"Intent","owner":"Us"""),
        OldLine("faaedc0f", 4, """kind":"Pirq","first":55,"count":20,"phase":"Result","owner":"Us"""),
        OldLine("0d63cd6b", 5, """kind":"InterruptPermission","first":55,"count":20,"phase":"Result","owner":"Us"""),
        OldLine("d165ad68", 6, """kind":"Assignment","first":0,"count":0,"phase":"Intent","owner":"Us"""),
        OldLine("3839cf48", 6, """kind":"Assignment","first":0,"count":0,"phase":"Revoked","owner":"Us"""),
        OldLine("ba44dca5", 7, """kind":"Nodes","first":0,"count":0,"phase":"Intent","owner":"Toolstack"""),
        OldLine("42c8b2a6", 8, """kind":"Kept","first":0,"count":0,"text":"04:00.1,permissive=1","phase":"Result","owner":"Us"""),
        OldLine("b4f895b1", 9, """kind":"Messages","first":0,"count":0,"text":"57,58","phase":"Result","owner":"Us"""),
        OldLine("8a10bde2", 10, """kind":"Pause","first":0,"count":0,"phase":"Result","owner":"Us"""),
    ];

    [Fact]
    public void Intents_results_and_revocations_survive_a_restart()
    {
        using TemporaryFolder folder = new();
        JournalEntry memory, ports, pirq;
        using (GrantJournal journal = Open(folder))
        {
            memory = journal.Complete(journal.Begin(Guest, Nic, GrantOwner.Us, Grant.MemoryOf(0x38_0000_0000_0800, 0x1000)));
            ports = journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Ports, 0xC000, 32));
            pirq = journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Pirq, 0, 20));
            pirq = journal.Complete(pirq, new(GrantKind.Pirq, 55, 20));
            JournalEntry revoked = journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Assignment));
            journal.Close(revoked);
            journal.Close(revoked);
            journal.Begin(Guest, Nic, GrantOwner.Toolstack, new(GrantKind.Nodes, Text: "a \n \"line\" é"));
        }

        using GrantJournal again = Open(folder);
        Assert.Equal([memory, ports, pirq], again.Entries().Take(3));
        Assert.Equal((new(GrantKind.Memory, 0x380_0000_0000, 2), true), (again.Entries()[0].Grant, again.Entries()[0].IsDone));
        Assert.False(again.Entries()[1].IsDone);
        Assert.Equal(("a \n \"line\" é", GrantOwner.Toolstack), (again.Entries()[3].Grant.Text, again.Entries()[3].Owner));
        Assert.Equal(4, again.Entries().Count);
        Assert.True(again.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Nodes)).Id > again.Entries()[3].Id);
    }

    [Fact]
    public void What_a_life_could_map_is_on_record_once_whoever_is_the_daemon_and_is_nobodys_device()
    {
        using TemporaryFolder folder = new();
        Grant memory = new(GrantKind.Memory, 0xFEB00, 16);
        using (GrantJournal journal = Open(folder))
        {
            journal.NoteReached(Guest, Nic, memory);
        }

        using GrantJournal next = Open(folder);
        next.NoteReached(Guest, Nic, memory);
        JournalEntry reached = Assert.Single(next.ReachedOf(Guest));
        Assert.Equal((Nic, memory with { Kind = GrantKind.Reached }, true), (reached.Device, reached.Grant, reached.IsDone));
        Assert.Equal([reached], next.MappableEntries());
        Assert.Equal([Guest], next.LivesWithDevices());
        Assert.Equal((0, null), (next.Count, next.HolderOf(Nic)));
        Assert.Empty(next.RevocableOf(Guest, Nic));
        Assert.Empty(next.AttachmentsOf(Guest));
        next.Close(reached);
        Assert.Empty(next.Lives());
    }

    // Two functions may have memory in one frame.
    [Fact]
    public void What_a_life_could_map_of_two_devices_is_on_record_for_each()
    {
        using TemporaryFolder folder = new();
        using GrantJournal journal = Open(folder);
        Grant memory = new(GrantKind.Memory, 0xFEB00, 1);

        journal.NoteReached(Guest, Nic, memory);
        journal.NoteReached(Guest, new(0, 5, 0, 0), memory);

        Assert.Equal([Nic, new(0, 5, 0, 0)], journal.ReachedOf(Guest).Select(static entry => entry.Device));
    }

    /// <summary>kill -9 at any byte: what was complete before it holds, the torn line does not, and the next line doesn't follow it.</summary>
    [Fact]
    public void A_file_cut_anywhere_opens_and_goes_on()
    {
        using TemporaryFolder folder = new();
        using (GrantJournal journal = Open(folder))
        {
            journal.Complete(journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Memory, 1, 2)));
            journal.Close(journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Ports, 3, 4)));
            journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Assignment));
        }

        byte[] whole = File.ReadAllBytes(FileOf(folder));
        for (int length = 0; length <= whole.Length; length++)
        {
            // Around each line's end, and here and there within; every byte of a line is the next test's.
            bool isNearEnd = whole.AsSpan(Math.Max(0, length - 2), Math.Min(3, whole.Length - Math.Max(0, length - 2))).Contains((byte)'\n');
            if (!isNearEnd && length % 50 != 0)
            {
                continue;
            }

            using TemporaryFolder cut = new();
            File.WriteAllBytes(FileOf(cut), whole[..length]);
            int lines = whole.AsSpan(0, length).Count((byte)'\n');
            string[] expected = lines switch
            {
                0 => [],
                1 => ["Memory?"],
                2 => ["Memory"],
                3 => ["Memory", "Ports?"],
                4 => ["Memory"],
                _ => ["Memory", "Assignment?"],
            };
            using (GrantJournal journal = Open(cut))
            {
                Assert.Equal(expected, Shown(journal));
                journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Nodes));
            }

            using GrantJournal again = Open(cut);
            Assert.Equal([.. expected, "Nodes?"], Shown(again));
        }
    }

    [Fact]
    public void A_line_cut_or_changed_at_any_byte_is_no_record()
    {
        JournalRecord record = new(5, Boot, Guest.Handle, 7, "0000:04:00.1", GrantKind.Memory, 1, ulong.MaxValue, "x", JournalPhase.Result, GrantOwner.Us);
        byte[] line = JournalLine.Format(record)[..^1];
        Assert.Equal(record, JournalLine.Parse(line));
        for (int i = 0; i < line.Length; i++)
        {
            Assert.Null(JournalLine.Parse(line.AsSpan(0, i)));
            byte[] changed = [.. line];
            changed[i] ^= 0x10;
            Assert.NotEqual(record, JournalLine.Parse(changed) ?? record with { Id = 0 });
        }
    }

    [Fact]
    public void A_damaged_line_is_skipped_and_the_others_hold()
    {
        using TemporaryFolder folder = new();
        using (GrantJournal journal = Open(folder))
        {
            journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Memory, 1, 2));
            journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Ports, 3, 4));
            journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Assignment));
        }

        byte[] bytes = File.ReadAllBytes(FileOf(folder));
        int second = Array.IndexOf(bytes, (byte)'\n') + 20;
        bytes[second] ^= 1;
        File.WriteAllBytes(FileOf(folder), bytes);
        using GrantJournal again = Open(folder);
        Assert.Equal(["Memory?", "Assignment?"], Shown(again));
    }

    [Fact]
    public void Entries_of_another_boot_are_void()
    {
        using TemporaryFolder folder = new();
        using (GrantJournal journal = Open(folder))
        {
            journal.Complete(journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Assignment)));
        }

        using (var next = GrantJournal.Open(folder["run"], "boot-2", NullLogger.Instance))
        {
            Assert.Empty(next.Entries());
        }

        Assert.Empty(File.ReadAllBytes(FileOf(folder)));
    }

    [Fact]
    public void History_is_dropped_and_what_is_open_stays()
    {
        using TemporaryFolder folder = new();
        JournalEntry kept;
        using (GrantJournal journal = Open(folder))
        {
            kept = journal.Complete(journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Memory, ulong.MaxValue >> 12, 1)));
            for (int i = 0; i < 5000; i++)
            {
                journal.Close(journal.Complete(journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Ports, 1, 1))));
            }

            Assert.InRange(new FileInfo(FileOf(folder)).Length, 1, 200_000);
            Assert.Equal([kept], journal.Entries());
        }

        using GrantJournal again = Open(folder);
        Assert.Equal([kept], again.Entries());
    }

    // 256 lines of history, and four for each entry that is open: below that a rewrite would cost more than it saves. A grant that was closed is two lines.
    [Theory]
    [InlineData(0, 129)]
    [InlineData(10, 144)]
    public void History_is_dropped_when_there_is_more_of_it_than_is_worth_keeping(int open, int closed)
    {
        using TemporaryFolder folder = new();
        using (GrantJournal earlier = Open(folder))
        {
            for (int i = 0; i < open; i++)
            {
                earlier.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Ports, (ulong)i, 1));
            }
        }

        using GrantJournal journal = Open(folder);
        long least = LengthOf(folder);
        for (int i = 1; i <= closed + 1; i++)
        {
            journal.Close(journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Assignment)));
            Assert.Equal(i == closed, LengthOf(folder) == least);
        }

        Assert.Equal(Enumerable.Repeat("Ports?", open), Shown(journal));
    }

    [Fact]
    public void Closing_twice_is_written_once()
    {
        using TemporaryFolder folder = new();
        using GrantJournal journal = Open(folder);
        JournalEntry entry = journal.Begin(Guest, Nic, GrantOwner.Us, new(GrantKind.Assignment));
        journal.Close(entry);
        long length = LengthOf(folder);

        journal.Close(entry);

        Assert.Equal(length, LengthOf(folder));
    }

    [Fact]
    public void Two_daemons_cannot_have_it_open()
    {
        using TemporaryFolder folder = new();
        using GrantJournal journal = Open(folder);
        Assert.Throws<IOException>(() => Open(folder));
    }

    [Theory]
    [InlineData(0x1000UL, 0x1000UL, 1UL, 1UL)]
    [InlineData(0x1000UL, 16UL, 1UL, 1UL)]
    [InlineData(0x1F00UL, 0x200UL, 1UL, 2UL)]
    [InlineData(0x38_0000_0000_0000UL, 0x4_0000_0000UL, 0x380_0000_0000UL, 0x40_0000UL)]
    public void Memory_is_counted_in_whole_frames_of_any_width(ulong start, ulong length, ulong first, ulong frames) =>
        Assert.Equal(new Grant(GrantKind.Memory, first, frames), Grant.MemoryOf(start, length));

    /// <summary>
    /// The bytes of a journal that an earlier release left, one record of every kind: what is on a host's disk is read by every later
    /// release.
    /// </summary>
    [Fact]
    public void A_journal_that_an_earlier_release_wrote_is_read()
    {
        using TemporaryFolder folder = new();
        File.WriteAllLines(FileOf(folder), OldJournal);
        using GrantJournal journal = Open(folder);
        Assert.Equal(
            [
                new(1, Guest, Nic, GrantOwner.Us, new(GrantKind.OwnerNote), IsDone: true),
                new(2, Guest, Nic, GrantOwner.Us, new(GrantKind.Memory, 0xFEB00, 16), IsDone: true),
                new(3, Guest, Nic, GrantOwner.Us, new(GrantKind.Ports, 0xC000, 32), IsDone: false),
                new(4, Guest, Nic, GrantOwner.Us, new(GrantKind.Pirq, 55, 20), IsDone: true),
                new(5, Guest, Nic, GrantOwner.Us, new(GrantKind.InterruptPermission, 55, 20), IsDone: true),
                new(7, Guest, Nic, GrantOwner.Toolstack, new(GrantKind.Nodes), IsDone: false),
                new(8, Guest, Nic, GrantOwner.Us, new(GrantKind.Kept, Text: "04:00.1,permissive=1"), IsDone: true),
                new(9, Guest, Nic, GrantOwner.Us, new(GrantKind.Messages, Text: "57,58"), IsDone: true),
                new(10, Guest, Nic, GrantOwner.Us, new(GrantKind.Pause), IsDone: true),
            ],
            journal.Entries());
    }

    [Fact]
    public void What_is_written_now_is_what_that_release_wrote()
    {
        using TemporaryFolder folder = new();
        File.WriteAllLines(FileOf(folder), OldJournal);
        using (GrantJournal journal = Open(folder))
        {
            Assert.Equal(9, journal.Count);
        }

        Assert.Equal(OldJournal.Where(static line => !line.Contains("Assignment", StringComparison.Ordinal)), File.ReadAllLines(FileOf(folder)));
    }

    // Checksum, a blank, JSON: to the byte.
    private static string OldLine(string checksum, int id, string rest) =>
        $$"""{{checksum}} {"id":{{id}},"boot":"boot-1","uuid":"11111111-2222-3333-4444-555555555555","domain":7,"device":"0000:04:00.1","{{rest}}"}""";

    private static GrantJournal Open(TemporaryFolder folder) => GrantJournal.Open(folder["run"], Boot, NullLogger.Instance);

    private static long LengthOf(TemporaryFolder folder) => new FileInfo(FileOf(folder)).Length;

    private static string FileOf(TemporaryFolder folder) => Path.Combine(Directory.CreateDirectory(folder["run"]).FullName, GrantJournal.FileName);

    private static IEnumerable<string> Shown(GrantJournal journal) => journal.Entries().Select(entry => $"{entry.Grant.Kind}{(entry.IsDone ? "" : "?")}");
}
