using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PciBackFlow.Hardware.Linux;

/// <summary>
/// A directory that belongs to this process's user and that nobody else may write into, held open: whatever is opened in it later is opened in this very
/// directory, whoever renames or replaces what lies at its path meanwhile. Thread-safe.
/// </summary>
public sealed class PrivateDirectory : IDisposable
{
    // statx(2), struct statx of linux/stat.h.
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const uint OwnerAndMode = 0xB; // STATX_TYPE | STATX_MODE | STATX_UID
    private const int StatxBytes = 256;
    private const int OwnerOffset = 20;
    private const int ModeOffset = 28;
    private const int WritableByOthers = 0x12; // S_IWGRP | S_IWOTH

    private const int NoEntry = 2; // ENOENT
    private const int NotADirectory = 20; // ENOTDIR, also for a link
    private const int Loop = 40; // ELOOP, likewise

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly SafeFileHandle _directory;
    private readonly string _anchor;

    private PrivateDirectory(string path, SafeFileHandle directory)
    {
        Path = path;
        _directory = directory;
        _anchor = $"/proc/self/fd/{directory.DangerousGetHandle()}";
    }

    /// <summary>Its full path, for people.</summary>
    public string Path { get; }

    /// <summary>Opens a directory, making it (mode 0700) when it isn't there.</summary>
    /// <param name="path">Where it lies; the last part must not be a link.</param>
    /// <returns>The directory.</returns>
    /// <exception cref="UnsafeDirectoryException">It is somebody else's, others may write into it, or it is a link.</exception>
    /// <exception cref="IOException">It cannot be made or opened.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise, for want of rights.</exception>
    public static PrivateDirectory Claim(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        if (!System.IO.Path.Exists(full))
        {
            Directory.CreateDirectory(full, OwnerOnly);
        }

        return Open(full);
    }

    /// <summary>Opens a directory that is there.</summary>
    /// <param name="path">Where it lies; the last part must not be a link.</param>
    /// <returns>The directory.</returns>
    /// <exception cref="UnsafeDirectoryException">It is somebody else's, others may write into it, or it is a link.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static PrivateDirectory Open(string path)
    {
        string full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        int descriptor = LinuxCalls.Open(full, LinuxCalls.Directory | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec);
        if (descriptor < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            throw error switch
            {
                NotADirectory or Loop => new UnsafeDirectoryException($"{full} is a link or no directory: name the directory itself"),
                NoEntry => new DirectoryNotFoundException($"{full} does not exist"),
                _ => LinuxCalls.Failure($"cannot open {full}"),
            };
        }

        SafeFileHandle directory = new(descriptor, ownsHandle: true);
        try
        {
            ThrowUnlessPrivate(full, descriptor);
            return new(full, directory);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Where a file of the directory is opened, for as long as this is not disposed.</summary>
    /// <param name="name">Its name in the directory.</param>
    /// <returns>A path that leads through the open directory.</returns>
    /// <exception cref="UnsafeDirectoryException">A link lies there.</exception>
    public string At(string name)
    {
        string path = $"{_anchor}/{name}";
        return new FileInfo(path).LinkTarget is null
            ? path
            : throw new UnsafeDirectoryException($"{NameOf(name)} is a link: nothing of this program is, so remove it");
    }

    /// <summary>The names of what lies in it now.</summary>
    /// <returns>Names of files, directories and links.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public IReadOnlyList<string> Names() => [.. Directory.EnumerateFileSystemEntries($"{_anchor}/.").Select(static path => System.IO.Path.GetFileName(path))];

    /// <summary>The path of one of its files, for people.</summary>
    /// <param name="name">Its name in the directory.</param>
    /// <returns>The full path.</returns>
    public string NameOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>What went wrong with a file of it, with the path that people know.</summary>
    /// <param name="failure">What was thrown for a path of <see cref="At"/>.</param>
    /// <returns>Its message.</returns>
    public string Explain(Exception failure) => failure.Message.Replace(_anchor, Path, StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();

    private static unsafe void ThrowUnlessPrivate(string path, int descriptor)
    {
        byte* status = stackalloc byte[StatxBytes];
        if (LinuxCalls.Statx(descriptor, string.Empty, EmptyPath, OwnerAndMode, status) != 0)
        {
            throw LinuxCalls.Failure($"cannot see whose {path} is");
        }

        uint owner = *(uint*)(status + OwnerOffset);
        if (owner != PeerCredentials.OwnUser)
        {
            throw new UnsafeDirectoryException(
                $"{path} belongs to user {owner}, not to user {PeerCredentials.OwnUser}, who could put anything there: remove it, or name another directory");
        }

        if ((*(ushort*)(status + ModeOffset) & WritableByOthers) != 0)
        {
            throw new UnsafeDirectoryException($"others may write into {path}: look at what lies there, then `chmod go-w {path}`");
        }
    }
}
