using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// What guests were given, on file: each grant as intent before it is tried, as result after it took effect, and as revoked. Append-only,
/// rewritten when most of it is history. Thread-safe; one daemon at a time has it open.
/// </summary>
/// <remarks>
/// <para>
/// Nothing is synced to a disk. A killed daemon loses nothing that a write returned from, because the page cache is the kernel's; and what
/// a power failure or a crash of the host loses are grants of a boot that is over: entries of another boot are void. A line torn by
/// a kill is an intent that was never acted upon or an outcome that recovery finds again, so it is ignored and overwritten.
/// </para>
/// <para>
/// Who begins an entry and who closes it is in docs/plans.md. Messages alone are closed in two ways: those that this process mapped by who
/// mapped them, and those of an
/// earlier daemon with the device they belong to.
/// </para>
/// <para>Every answer is of one moment and in the order in which the entries were begun, where nothing else is said.</para>
/// </remarks>
public sealed class GrantJournal : IDisposable
{
    /// <summary>The file's name in its directory.</summary>
    public const string FileName = "grants.journal";

    /// <summary>The form of its lines. Members that a later program adds are ignored by an earlier one, and keep this number.</summary>
    public const int Format = 1;

    // History this long costs nothing to read; below it a rewrite would cost more than it saves.
    private const int MinHistory = 256;
    private const int HistoryPerOpenEntry = 4;

    private readonly Lock _lock = new();
    private readonly PrivateDirectory _home;
    private readonly JournalFile _file;
    private readonly string _boot;
    private readonly SortedDictionary<long, JournalEntry> _open = [];

    // Of an earlier daemon's messages those that this process goes on with.
    private readonly HashSet<long> _continued = [];
    private long _lastId;
    private long _lastInherited;

    private GrantJournal(PrivateDirectory home, JournalFile file, string boot)
    {
        _home = home;
        _file = file;
        _boot = boot;
    }

    /// <summary>Opens the journal of this boot and drops what is void: entries of other boots, torn and damaged lines, history.</summary>
    /// <param name="directory">Where it lies; created when absent.</param>
    /// <param name="boot">This boot's id: <see cref="Hardware.Linux.BootId"/>.</param>
    /// <param name="logger">Where damage is told.</param>
    /// <returns>The journal; what is open in it an earlier daemon of this boot left.</returns>
    /// <exception cref="UnsafeDirectoryException">The directory is somebody else's, or others may write into it.</exception>
    /// <exception cref="IOException">It can't be read or written, or another daemon has it open.</exception>
    public static GrantJournal Open(string directory, string boot, ILogger logger)
    {
        var home = PrivateDirectory.Claim(directory);
        GrantJournal? journal = null;
        try
        {
            journal = new(home, JournalFile.Open(home.At(FileName)), boot);
            journal.Load(home.NameOf(FileName), logger);
            return journal;
        }
        catch (Exception e)
        {
            journal?.Dispose();
            home.Dispose();
            if (e is IOException and not UnsafeDirectoryException)
            {
                throw new IOException(home.Explain(e), e);
            }

            throw;
        }
    }

    /// <summary>
    /// Writes and reads a line that nobody keeps: of what the first one costs most is the program's own beginning, and another daemon has the file meanwhile.
    /// </summary>
    public static void Rehearse()
    {
        JournalEntry entry = new(1, default, default, GrantOwner.Us, new(GrantKind.Memory, 0, 1), IsDone: false);
        byte[] line = JournalLine.Format(RecordOf(string.Empty, entry, JournalPhase.Intent));
        JournalLine.Parse(line.AsSpan()[..^1]);
    }

    /// <summary>How many grants are begun and not taken back; what a guest may have mapped still was taken back.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _open.Values.Count(static entry => entry.Grant.Kind != GrantKind.Reached);
            }
        }
    }

    /// <summary>Records an intent. Only afterwards may the grant be tried.</summary>
    /// <param name="life">To whom.</param>
    /// <param name="device">For which device.</param>
    /// <param name="owner">Whose it is.</param>
    /// <param name="grant">What, as far as it is known.</param>
    /// <returns>The entry.</returns>
    /// <exception cref="IOException">It could not be written; nothing was recorded.</exception>
    public JournalEntry Begin(DomainLife life, PciAddress device, GrantOwner owner, Grant grant)
    {
        lock (_lock)
        {
            JournalEntry entry = new(_lastId + 1, life, device, owner, grant, IsDone: false);
            _file.Append(RecordOf(_boot, entry, JournalPhase.Intent));
            _lastId = entry.Id;
            _open.Add(entry.Id, entry);
            return entry;
        }
    }

    /// <summary>Records that a grant took effect.</summary>
    /// <param name="entry">Its entry.</param>
    /// <param name="exact">What was really given; null when it is what was intended.</param>
    /// <returns>The entry as it is now.</returns>
    /// <exception cref="IOException">It could not be written: the grant stays an intent.</exception>
    public JournalEntry Complete(JournalEntry entry, Grant? exact = null)
    {
        lock (_lock)
        {
            JournalEntry done = entry with { Grant = exact ?? entry.Grant, IsDone = true };
            _file.Append(RecordOf(_boot, done, JournalPhase.Result));
            _open[done.Id] = done;
            return done;
        }
    }

    /// <summary>Records that a grant was taken back or is gone. Closing twice does nothing.</summary>
    /// <param name="entry">Its entry.</param>
    /// <exception cref="IOException">It could not be written; the entry stays open, and taking back again is harmless.</exception>
    public void Close(JournalEntry entry)
    {
        lock (_lock)
        {
            if (!_open.ContainsKey(entry.Id))
            {
                return;
            }

            _file.Append(RecordOf(_boot, entry, JournalPhase.Revoked));
            _open.Remove(entry.Id);
            _continued.Remove(entry.Id);
            if (_file.Records > MinHistory + HistoryPerOpenEntry * _open.Count)
            {
                DropHistory();
            }
        }
    }

    /// <summary>
    /// Records that a life could map a device's memory: when that is revoked, it may go on reaching it. What is on record already is not written again,
    /// however often a guest gets its device and loses it.
    /// </summary>
    /// <param name="life">Who.</param>
    /// <param name="device">The device.</param>
    /// <param name="memory">Its memory, or a part of it.</param>
    /// <exception cref="IOException">It could not be written; the memory must not count as revoked.</exception>
    public void NoteReached(DomainLife life, PciAddress device, Grant memory)
    {
        lock (_lock)
        {
            Grant reached = memory with { Kind = GrantKind.Reached };
            if (!_open.Values.Any(entry => entry.Life == life && entry.Device == device && entry.Grant == reached))
            {
                Complete(Begin(life, device, GrantOwner.Us, reached));
            }
        }
    }

    /// <summary>Every life that anything is open for.</summary>
    /// <returns>Each once.</returns>
    public IReadOnlyList<DomainLife> Lives() => [.. Where(static _ => true).Select(static entry => entry.Life).Distinct()];

    /// <summary>The lives that have a device or messages of one, or had one: those whose end must be noticed.</summary>
    /// <returns>Each once.</returns>
    public IReadOnlyList<DomainLife> LivesWithDevices() =>
    [
        .. Where(static entry => entry.IsAttachment || entry.Grant.Kind is GrantKind.Messages or GrantKind.Reached)
            .Select(static entry => entry.Life).Distinct(),
    ];

    /// <summary>The memory that guests may have mappings of: granted, or granted once to a life that has not been found ended.</summary>
    /// <returns>Of all lives and devices; intents too.</returns>
    public IReadOnlyList<JournalEntry> MappableEntries() => Where(static entry => entry.Grant.Kind is GrantKind.Memory or GrantKind.Reached);

    /// <summary>What a guest could map, whether or not it may still.</summary>
    /// <param name="life">The guest.</param>
    /// <returns>Of all its devices.</returns>
    public IReadOnlyList<JournalEntry> ReachedOf(DomainLife life) => Where(entry => entry.Life == life && entry.Grant.Kind == GrantKind.Reached);

    /// <summary>Everything that is a part of a device's attachment to a guest, whoever attached it.</summary>
    /// <param name="life">The guest.</param>
    /// <returns>The entries of all its devices.</returns>
    public IReadOnlyList<JournalEntry> AttachmentsOf(DomainLife life) => Where(entry => entry.Life == life && entry.IsAttachment);

    /// <summary>The devices whose keys in a guest's directory this daemon writes or wrote.</summary>
    /// <param name="life">The guest.</param>
    /// <returns>Also those whose keys are an intent.</returns>
    public IReadOnlySet<PciAddress> OfferedTo(DomainLife life) =>
        Where(entry => entry.Life == life && entry is { Owner: GrantOwner.Us, Grant.Kind: GrantKind.Nodes }).Select(static entry => entry.Device).ToHashSet();

    /// <summary>Who has a device, or is getting it.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The life whose attachment was begun first; null when it is nobody's.</returns>
    public DomainLife? HolderOf(PciAddress device) => Where(entry => entry.Device == device && entry.IsAttachment).FirstOrDefault()?.Life;

    /// <summary>The lives that a device was assigned to.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Not those whose assignment is an intent.</returns>
    public IReadOnlyList<DomainLife> AssignedTo(PciAddress device) =>
        [.. Where(entry => entry.Device == device && entry is { IsDone: true, Grant.Kind: GrantKind.Assignment }).Select(static entry => entry.Life)];

    /// <summary>What was written down of a device's keys in a guest's directory.</summary>
    /// <param name="life">The guest.</param>
    /// <param name="device">The device.</param>
    /// <returns>Ours and xl's.</returns>
    public IReadOnlyList<JournalEntry> KeysOf(DomainLife life, PciAddress device) =>
        Where(entry => entry.Life == life && entry.Device == device && entry.Grant.Kind == GrantKind.Nodes);

    /// <summary>What this daemon or an earlier one granted of a device and can revoke by itself.</summary>
    /// <param name="life">The guest.</param>
    /// <param name="device">The device.</param>
    /// <returns>The last one first. Not xl's grants, not the keys, not messages: those have their own ends.</returns>
    public IReadOnlyList<JournalEntry> RevocableOf(DomainLife life, PciAddress device) =>
    [
        .. Where(entry => entry.Life == life && entry.Device == device && entry is
        {
            Owner: GrantOwner.Us,
            Grant.Kind: not (GrantKind.Nodes or GrantKind.Kept or GrantKind.Pause or GrantKind.Messages or GrantKind.Reached),
        }).Reverse(),
    ];

    /// <summary>The same guest's other grants of an entry's kind: two functions may share a line, a frame or a port.</summary>
    /// <param name="entry">An entry.</param>
    /// <returns>The grants of the others.</returns>
    public IReadOnlyList<Grant> OthersLike(JournalEntry entry) =>
    [
        .. Where(other => other.Id != entry.Id && other.Life == entry.Life && other.Grant.Kind == entry.Grant.Kind).Select(static other => other.Grant),
    ];

    /// <summary>The messages that are mapped for a guest.</summary>
    /// <param name="life">The guest.</param>
    /// <returns>Of all its devices, by this daemon and by earlier ones.</returns>
    public IReadOnlyList<JournalEntry> MessagesOf(DomainLife life) => Where(entry => entry.Life == life && entry.Grant.Kind == GrantKind.Messages);

    /// <summary>Messages that an earlier daemon mapped for a guest: nobody in this process looks after them.</summary>
    /// <param name="life">The guest.</param>
    /// <returns>Of all its devices.</returns>
    public IReadOnlyList<JournalEntry> InheritedMessagesOf(DomainLife life) =>
        Where(entry => entry.Life == life && entry.Grant.Kind == GrantKind.Messages && entry.Id <= _lastInherited && !_continued.Contains(entry.Id));

    /// <summary>Messages that an earlier daemon mapped are looked after by this process from now on: whoever has the function takes them back.</summary>
    /// <param name="entry">Their entry.</param>
    public void Continue(JournalEntry entry)
    {
        lock (_lock)
        {
            _continued.Add(entry.Id);
        }
    }

    /// <summary>The guest's pirqs that younger entries than this one name. Numbers come back: what a younger entry names is that one's.</summary>
    /// <param name="entry">An entry.</param>
    /// <returns>Those of messages and lines.</returns>
    public IReadOnlySet<int> PirqsBegunAfter(JournalEntry entry) =>
        Where(other => other.Life == entry.Life && other.Id > entry.Id).SelectMany(static other => other.Grant.Pirqs()).ToHashSet();

    /// <summary>The pauses of a guest that were begun and not ended.</summary>
    /// <param name="life">The guest.</param>
    /// <returns>Those of this daemon and of earlier ones.</returns>
    public IReadOnlyList<JournalEntry> PausesOf(DomainLife life) => Where(entry => entry.Life == life && entry.Grant.Kind == GrantKind.Pause);

    /// <summary>Every wish to attach a device again after its guest's reboot.</summary>
    /// <returns>The wishes.</returns>
    public IReadOnlyList<JournalEntry> Wishes() => Where(static entry => entry.Grant.Kind == GrantKind.Kept);

    /// <summary>The wishes of a guest, of this life and of former ones.</summary>
    /// <param name="life">Any of its lives.</param>
    /// <returns>The wishes.</returns>
    public IReadOnlyList<JournalEntry> WishesOf(DomainLife life) =>
        Where(entry => entry.Grant.Kind == GrantKind.Kept && entry.Life.IsSameGuestAs(life));

    /// <summary>The wishes for a device, of whichever guest.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The wishes.</returns>
    public IReadOnlyList<JournalEntry> WishesFor(PciAddress device) => Where(entry => entry.Grant.Kind == GrantKind.Kept && entry.Device == device);

    /// <summary>What a later daemon would read if the history were dropped now.</summary>
    /// <returns>A record for each open entry.</returns>
    internal IReadOnlyList<JournalRecord> Records()
    {
        lock (_lock)
        {
            return [.. _open.Values.Select(entry => RecordOf(_boot, entry, entry.IsDone ? JournalPhase.Result : JournalPhase.Intent))];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _file.Dispose();
            _home.Dispose();
        }
    }

    private JournalEntry[] Where(Func<JournalEntry, bool> holds)
    {
        lock (_lock)
        {
            return [.. _open.Values.Where(holds)];
        }
    }

    private void Load(string path, ILogger logger)
    {
        int damaged = 0;
        IReadOnlyList<JournalRecord?> records = _file.ReadAll(out bool isTorn);
        foreach (JournalRecord? record in records)
        {
            if (record is not null && PciAddress.TryParse(record.Device, out PciAddress device))
            {
                Replay(record, device);
            }
            else
            {
                damaged++;
            }
        }

        if (damaged > 0)
        {
            JournalLog.Damaged(logger, path, damaged);
        }

        JournalLog.Opened(logger, path, _open.Count);
        if (isTorn || records.Count != _open.Count)
        {
            DropHistory();
        }

        _lastInherited = _lastId;
    }

    private void Replay(JournalRecord record, PciAddress device)
    {
        if (record.Boot != _boot)
        {
            return;
        }

        _lastId = Math.Max(_lastId, record.Id);
        if (record.Phase == JournalPhase.Revoked)
        {
            _open.Remove(record.Id);
        }
        else
        {
            _open[record.Id] = new(
                record.Id, new(record.Domain, record.Uuid), device, record.Owner, new(record.Kind, record.First, record.Count, record.Text),
                record.Phase == JournalPhase.Result);
        }
    }

    private void DropHistory() =>
        _file.Replace([.. _open.Values.Select(entry => RecordOf(_boot, entry, entry.IsDone ? JournalPhase.Result : JournalPhase.Intent))]);

    private static JournalRecord RecordOf(string boot, JournalEntry entry, JournalPhase phase) => new(
        entry.Id, boot, entry.Life.Handle, entry.Life.DomainId, entry.Device.ToString(), entry.Grant.Kind, entry.Grant.First, entry.Grant.Count,
        entry.Grant.Text, phase, entry.Owner);
}
