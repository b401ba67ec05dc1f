using System.Globalization;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Succession;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// The directory of a running daemon: one daemon at a time has it. The lock is the kernel's and ends with the process, however that ends; the pid beside
/// it is for people.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    private const int WouldBlock = 11; // EWOULDBLOCK, what flock(2) ends with
    private const string PidFile = "pid";

    private readonly PrivateDirectory _directory;
    private FileStream? _lock;

    private RunDirectory(PrivateDirectory directory) => _directory = directory;

    public string Path => _directory.Path;

    /// <summary>Where the control API is to listen; nothing lies there now.</summary>
    public string Socket => _directory.At(ControlSocket.FileName);

    /// <summary>The same, for people.</summary>
    public string SocketName => _directory.NameOf(ControlSocket.FileName);

    /// <summary>Where a daemon that is to follow this one finds it.</summary>
    public string SuccessionSocket => _directory.At(SuccessionServer.FileName);

    /// <summary>Notes that a daemon begins here.</summary>
    /// <returns>How long it has to wait first.</returns>
    public TimeSpan NoteStart() => StartPace.Note(_directory, Environment.TickCount64);

    /// <summary>Opens the directory, making it when it isn't there. Another daemon may have it.</summary>
    /// <exception cref="VerbException">It is not this user's alone (exit code 3), or it cannot be made.</exception>
    public static RunDirectory Open(string path) => Explained(path, null, () =>
    {
        // Clients find the socket by its full path.
        ControlSocket.PathIn(path);
        return new RunDirectory(PrivateDirectory.Claim(path));
    });

    /// <summary>From now on this daemon has the directory.</summary>
    /// <exception cref="VerbException">Another daemon has it (exit code 3), or it cannot be written.</exception>
    public void Claim() => Explained(Path, _directory, () =>
    {
        _lock = Lock(_directory);
        try
        {
            File.WriteAllText(_directory.At(PidFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");

            // What a daemon that was killed has left behind.
            File.Delete(Socket);
        }
        catch
        {
            Release();
            throw;
        }

        return true;
    });

    /// <summary>Another daemon may have it; nothing in it is this one's any more.</summary>
    public void Release()
    {
        _lock?.Dispose();
        _lock = null;
    }

    /// <summary>Lets the socket's owner alone reach it.</summary>
    public void ProtectSocket() => File.SetUnixFileMode(Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    public void Dispose()
    {
        if (_lock is not null)
        {
            File.Delete(Socket);
            File.Delete(_directory.At(PidFile));
            _lock.Dispose();
        }

        _directory.Dispose();
    }

    private static T Explained<T>(string path, PrivateDirectory? directory, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (BackendException wrong)
        {
            throw new VerbException($"cannot use {path}", wrong.Message, "Name another one with --run.", wrong) { Code = (int)wrong.Failure };
        }
        catch (UnsafeDirectoryException unsafely)
        {
            throw new VerbException(
                $"cannot use {path}", unsafely.Message, "A daemon's files steer what guests may reach: only its own user may write where they lie.", unsafely)
            {
                Code = ExitCode.Refused,
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(
                $"cannot use {path}", directory?.Explain(failure) ?? failure.Message,
                "Run this as root, or name a directory of your own with --run and --state.", failure);
        }
    }

    private static FileStream Lock(PrivateDirectory directory)
    {
        try
        {
            return new FileStream(directory.At("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException held) when (held.HResult == WouldBlock)
        {
            string pid = directory.At(PidFile);
            string holder = File.Exists(pid) ? $"process {File.ReadAllText(pid).Trim()}" : "a process that is just starting";
            throw new VerbException(
                $"a daemon serves from {directory.Path} already",
                $"{holder} holds its lock",
                "Two backends would answer the same guests: stop the other one first, follow it with --take-over, or give this one its own --run and --state.",
                held)
            {
                Code = ExitCode.Refused,
            };
        }
    }
}
