using System.Globalization;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Failures;
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
    private readonly FileStream _lock;

    private RunDirectory(PrivateDirectory directory, FileStream heldLock)
    {
        _directory = directory;
        _lock = heldLock;
    }

    public string Path => _directory.Path;

    /// <summary>Where the control API is to listen; nothing lies there now.</summary>
    public string Socket => _directory.At(ControlSocket.FileName);

    /// <summary>The same, for people.</summary>
    public string SocketName => _directory.NameOf(ControlSocket.FileName);

    /// <summary>Takes the directory, making it when it isn't there.</summary>
    /// <exception cref="VerbException">Another daemon has it, or it is not this user's alone (exit code 3), or it cannot be made.</exception>
    public static RunDirectory Claim(string path)
    {
        PrivateDirectory? directory = null;
        try
        {
            // Clients find the socket by its full path.
            ControlSocket.PathIn(path);
            directory = PrivateDirectory.Claim(path);
            var claimed = new RunDirectory(directory, Lock(directory));
            File.WriteAllText(directory.At(PidFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            // What a daemon that was killed has left behind.
            File.Delete(claimed.Socket);
            return claimed;
        }
        catch (BackendException wrong)
        {
            throw new VerbException($"cannot use {path}", wrong.Message, "Name another one with --run.", wrong) { Code = (int)wrong.Failure };
        }
        catch (UnsafeDirectoryException unsafely)
        {
            directory?.Dispose();
            throw new VerbException(
                $"cannot use {path}", unsafely.Message, "A daemon's files steer what guests may reach: only its own user may write where they lie.", unsafely)
            {
                Code = ExitCode.Refused,
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            directory?.Dispose();
            throw new VerbException(
                $"cannot use {path}", directory?.Explain(failure) ?? failure.Message,
                "Run this as root, or name a directory of your own with --run and --state.", failure);
        }
    }

    /// <summary>Lets the socket's owner alone reach it.</summary>
    public void ProtectSocket() => File.SetUnixFileMode(Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    public void Dispose()
    {
        File.Delete(Socket);
        File.Delete(_directory.At(PidFile));
        _lock.Dispose();
        _directory.Dispose();
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
                "Two backends would answer the same guests: stop the other one first, or give this one its own --run and --state.",
                held)
            {
                Code = ExitCode.Refused,
            };
        }
    }
}
