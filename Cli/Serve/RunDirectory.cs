using System.Globalization;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Failures;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// The directory of a running daemon: one daemon at a time has it. The lock is the kernel's and ends with the process, however that ends; the pid beside
/// it is for people.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    private const int WouldBlock = 11; // EWOULDBLOCK, what flock(2) ends with

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream _lock;
    private readonly string _pid;

    private RunDirectory(string path, FileStream heldLock, string socket)
    {
        Path = path;
        Socket = socket;
        _lock = heldLock;
        _pid = System.IO.Path.Combine(path, "pid");
    }

    public string Path { get; }

    /// <summary>Where the control API listens; nothing lies there now.</summary>
    public string Socket { get; }

    /// <summary>Takes the directory, making it when it isn't there.</summary>
    /// <exception cref="VerbException">Another daemon has it (exit code 3), or it cannot be made.</exception>
    public static RunDirectory Claim(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        string pid = System.IO.Path.Combine(full, "pid");
        try
        {
            string socket = ControlSocket.PathIn(full);
            Directory.CreateDirectory(full, OwnerOnly);
            FileStream heldLock = Lock(System.IO.Path.Combine(full, "lock"), full, pid);
            var claimed = new RunDirectory(full, heldLock, socket);
            File.WriteAllText(pid, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            // What a daemon that was killed has left behind.
            File.Delete(socket);
            return claimed;
        }
        catch (BackendException wrong)
        {
            throw new VerbException($"cannot use {path}", wrong.Message, "Name another one with --run.", wrong) { Code = (int)wrong.Failure };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(
                $"cannot use {path}", failure.Message, "Run this as root, or name a directory of your own with --run and --state.",
                failure);
        }
    }

    /// <summary>Lets the socket's owner alone reach it.</summary>
    public void ProtectSocket() => File.SetUnixFileMode(Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    public void Dispose()
    {
        File.Delete(Socket);
        File.Delete(_pid);
        _lock.Dispose();
    }

    private static FileStream Lock(string file, string directory, string pid)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException held) when (held.HResult == WouldBlock)
        {
            string holder = File.Exists(pid) ? $"process {File.ReadAllText(pid).Trim()}" : "a process that is just starting";
            throw new VerbException(
                $"a daemon serves from {directory} already",
                $"{holder} holds its lock",
                "Two backends would answer the same guests: stop the other one first, or give this one its own --run and --state.",
                held)
            {
                Code = ExitCode.Refused,
            };
        }
    }
}
