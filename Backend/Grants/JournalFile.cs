using Microsoft.Win32.SafeHandles;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// The journal's file: a line a record, appended, or replaced as a whole. Not thread-safe: the journal guards it. One process at a time has it open.
/// </summary>
internal sealed class JournalFile : IDisposable
{
    private readonly string _path;
    private SafeFileHandle _file;
    private long _length;

    private JournalFile(string path, SafeFileHandle file)
    {
        _path = path;
        _file = file;
    }

    /// <summary>Lines in the file, damaged ones included.</summary>
    public int Records { get; private set; }

    /// <summary>Opens a file, or creates it.</summary>
    /// <exception cref="IOException">It can't be opened, or another process has it open.</exception>
    public static JournalFile Open(string path) => new(path, OpenHandle(path, FileMode.OpenOrCreate));

    /// <summary>Reads all lines; called once, before anything is written.</summary>
    /// <param name="isTorn">Whether the last line has no end: it is overwritten by the next record.</param>
    /// <returns>The records in their order; null for a damaged line.</returns>
    /// <exception cref="IOException">It can't be read.</exception>
    public IReadOnlyList<JournalRecord?> ReadAll(out bool isTorn)
    {
        byte[] bytes = new byte[RandomAccess.GetLength(_file)];
        int filled = 0;
        while (filled < bytes.Length && RandomAccess.Read(_file, bytes.AsSpan(filled), filled) is > 0 and int read)
        {
            filled += read;
        }

        List<JournalRecord?> records = [];
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, filled);
        while (rest.IndexOf((byte)'\n') is >= 0 and int end)
        {
            records.Add(JournalLine.Parse(rest[..end]));
            rest = rest[(end + 1)..];
            _length += end + 1;
        }

        Records = records.Count;
        isTorn = !rest.IsEmpty;
        return records;
    }

    /// <summary>Adds a record behind the others.</summary>
    /// <exception cref="IOException">It could not be written; the file is as it was.</exception>
    public void Append(JournalRecord record)
    {
        byte[] line = JournalLine.Format(record);
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
        Records++;
    }

    /// <summary>Replaces the file by one with these records alone. The old one holds until the rename.</summary>
    /// <exception cref="IOException">It could not be written; the file is as it was.</exception>
    public void Replace(IReadOnlyCollection<JournalRecord> records)
    {
        string next = $"{_path}.new";
        File.Delete(next);
        SafeFileHandle file = OpenHandle(next, FileMode.CreateNew);
        try
        {
            long length = 0;
            foreach (JournalRecord record in records)
            {
                byte[] line = JournalLine.Format(record);
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
        Records = records.Count;
    }

    public void Dispose() => _file.Dispose();

    private static SafeFileHandle OpenHandle(string path, FileMode mode) => File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None);
}
