using System.Text.Json;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Devices.State;

/// <summary>
/// The devices that are held, in a file that outlives the program and the host's boot: <c>devices.json</c> in the state directory. Replaced as a whole by
/// renaming, so that it is always either the old or the new one. One owner calls at a time.
/// </summary>
internal sealed class StateFile
{
    /// <summary>The form of the file.</summary>
    public const int Version = 1;
    private const string Name = "devices.json";

    private readonly string _path;
    private PrivateDirectory? _directory;

    /// <param name="directory">The state directory; made when something is written and it doesn't exist.</param>
    public StateFile(string directory) => _path = directory;

    private string FullName => Path.Combine(Path.GetFullPath(_path), Name);

    /// <summary>Reads it.</summary>
    /// <returns>The records; none when there is no file.</returns>
    /// <exception cref="BackendException">
    /// It can't be read, or is no state file of this version: nothing is guessed from it. Or others may write into the directory.
    /// </exception>
    public IReadOnlyList<HeldRecord> Read()
    {
        try
        {
            if (_directory is null && !Path.Exists(_path))
            {
                return [];
            }

            _directory ??= PrivateDirectory.Open(_path);
            string file = _directory.At(Name);
            if (!File.Exists(file))
            {
                return [];
            }

            using FileStream stream = File.OpenRead(file);
            StateDocument? document = JsonSerializer.Deserialize(stream, StateJson.Default.StateDocument);
            if (document?.Version != Version)
            {
                throw new BackendException(
                BackendFailure.Failed,
                $"{FullName}: version {document?.Version ?? 0} of the state file is not known, only {Version}. "
                + "Use the program that wrote it, or move the file away: devices that are held then stay without a driver.");
            }

            return document.Devices;
        }
        catch (UnsafeDirectoryException e)
        {
            throw Refused(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BackendException(
                BackendFailure.Failed,
                $"{FullName} cannot be read: {Explain(e)}. Repair it, or move it away: devices that are held then stay without a driver.", e);
        }
    }

    /// <summary>Replaces it.</summary>
    /// <param name="records">The records.</param>
    /// <exception cref="BackendException">It can't be written; the old one is intact. Or others may write into the directory.</exception>
    public void Write(IEnumerable<HeldRecord> records)
    {
        try
        {
            _directory ??= PrivateDirectory.Claim(_path);
            string temporary = _directory.At($"{Name}.new");
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write))
            {
                JsonSerializer.Serialize(
                    stream, new StateDocument(Version, [.. records.OrderBy(static record => record.Address)]),
                    StateJson.Default.StateDocument);

                // On disk before it takes the name: a power cut leaves one of the two whole.
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, _directory.At(Name), overwrite: true);
        }
        catch (UnsafeDirectoryException e)
        {
            throw Refused(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackendException(BackendFailure.Failed, $"{FullName} cannot be written: {Explain(e)}", e);
        }
    }

    private static BackendException Refused(UnsafeDirectoryException e) => new(BackendFailure.Refused, e.Message, e);

    private string Explain(Exception failure) => _directory?.Explain(failure) ?? failure.Message;
}
