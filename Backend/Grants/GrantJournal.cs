using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// What guests were given, on file: each grant as intent before it is tried, as result after it took effect, and as revoked. Append-only,
/// rewritten when most of it is history. Thread-safe; one daemon at a time has it open.
/// </summary>
/// <remarks>
/// Nothing is synced to a disk. A killed daemon loses nothing that a write returned from, because the page cache is the kernel's; and what
/// a power failure or a crash of the host loses are grants of a boot that is over: entries of another boot are void. A line torn by
/// a kill is an intent that was never acted upon or an outcome that recovery finds again, so it is ignored and overwritten.
/// </remarks>
public sealed class GrantJournal : IDisposable
{
    /// <summary>The file's name in its directory.</summary>
    public const string FileName = "grants.journal";

    // History this long costs nothing to read; below it a rewrite would cost more than it saves.
    private const int MinHistory = 256;
    private const int HistoryPerOpenEntry = 4;

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly string _boot;
    private readonly SortedDictionary<long, JournalEntry> _open = [];
    private SafeFileHandle _file;
    private long _length;
    private int _records;
    private long _lastId;
    private long _lastInherited;

    private GrantJournal(string path, string boot, SafeFileHandle file)
    {
        _path = path;
        _boot = boot;
        _file = file;
    }

    /// <summary>Opens the journal of this boot and drops what is void: entries of other boots, torn and damaged lines, history.</summary>
    /// <param name="directory">Where it lies; created when absent.</param>
    /// <param name="boot">This boot's id: <see cref="BootId.Read"/>.</param>
    /// <param name="logger">Where damage is told.</param>
    /// <returns>The journal; its <see cref="Entries"/> are what an earlier daemon of this boot left.</returns>
    /// <exception cref="IOException">It can't be read or written, or another daemon has it open.</exception>
    public static GrantJournal Open(string directory, string boot, ILogger logger)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, FileName);
        SafeFileHandle file = OpenFile(path, FileMode.OpenOrCreate);
        GrantJournal journal = new(path, boot, file);
        try
        {
            if (journal.Load(logger))
            {
                journal.Rewrite();
            }

            journal._lastInherited = journal._lastId;
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>The grants begun and not taken back, in the order they were begun.</summary>
    public IReadOnlyList<JournalEntry> Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _open.Values];
            }
        }
    }

    /// <summary>Whether an entry is of an earlier daemon: nobody in this process looks after it.</summary>
    /// <param name="entry">An entry.</param>
    /// <returns>False when it was begun since the journal was opened.</returns>
    public bool IsInherited(JournalEntry entry) => entry.Id <= _lastInherited;

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
            Append(entry, JournalPhase.Intent);
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
            Append(done, JournalPhase.Result);
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

            Append(entry, JournalPhase.Revoked);
            _open.Remove(entry.Id);
            if (_records > MinHistory + HistoryPerOpenEntry * _open.Count)
            {
                Rewrite();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _file.Dispose();
        }
    }

    private static SafeFileHandle OpenFile(string path, FileMode mode) => File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None);

    /// <returns>Whether there is anything in the file but open entries, one line each.</returns>
    private bool Load(ILogger logger)
    {
        byte[] bytes = new byte[RandomAccess.GetLength(_file)];
        int filled = 0;
        while (filled < bytes.Length && RandomAccess.Read(_file, bytes.AsSpan(filled), filled) is > 0 and int read)
        {
            filled += read;
        }

        int damaged = 0;
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, filled);
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                break;
            }

            if (JournalLine.Parse(rest[..end]) is { } record && PciAddress.TryParse(record.Device, out PciAddress device))
            {
                Replay(record, device);
            }
            else
            {
                damaged++;
            }

            rest = rest[(end + 1)..];
            _length += end + 1;
            _records++;
        }

        if (damaged > 0)
        {
            JournalLog.Damaged(logger, _path, damaged);
        }

        JournalLog.Opened(logger, _path, _open.Count);
        return _records != _open.Count || !rest.IsEmpty;
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

    private void Append(JournalEntry entry, JournalPhase phase)
    {
        byte[] line = Line(entry, phase);
        try
        {
            RandomAccess.Write(_file, line, _length);
        }
        catch (IOException)
        {
            // A full file system may have taken a part of the line: the next one must not follow it.
            RandomAccess.SetLength(_file, _length);
            throw;
        }

        _length += line.Length;
        _records++;
    }

    /// <summary>Replaces the file by one with the open entries alone. The old one holds until the rename.</summary>
    private void Rewrite()
    {
        string next = $"{_path}.new";
        File.Delete(next);
        SafeFileHandle file = OpenFile(next, FileMode.CreateNew);
        try
        {
            long length = 0;
            foreach (JournalEntry entry in _open.Values)
            {
                byte[] line = Line(entry, entry.IsDone ? JournalPhase.Result : JournalPhase.Intent);
                RandomAccess.Write(file, line, length);
                length += line.Length;
            }

            File.Move(next, _path, overwrite: true);
            _length = length;
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _file.Dispose();
        _file = file;
        _records = _open.Count;
    }

    private byte[] Line(JournalEntry entry, JournalPhase phase) => JournalLine.Format(new(
        entry.Id, _boot, entry.Life.Handle, entry.Life.DomainId, entry.Device.ToString(), entry.Grant.Kind, entry.Grant.First, entry.Grant.Count,
        entry.Grant.Text, phase, entry.Owner));
}
