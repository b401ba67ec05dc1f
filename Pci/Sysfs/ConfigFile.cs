using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PciBackFlow.Pci.Sysfs;

/// <summary>
/// A function's open <c>config</c> file: each access must be one pread or pwrite of exactly its size, because the kernel turns it into one access of that
/// width; streams buffer and split. The handle is counted: a descriptor that another thread is using is not closed, and so never names the file of another
/// function that was opened meanwhile. Nothing here allocates but <see cref="TryOpen"/>. Any thread.
/// </summary>
internal sealed unsafe partial class ConfigFile : SafeHandleMinusOneIsInvalid
{
    private const int ReadOnly = 0; // O_RDONLY
    private const int ReadWrite = 2; // O_RDWR
    private const int CloseOnExec = 0x80000; // O_CLOEXEC

    private const int Interrupted = 4; // EINTR
    private const int Closed = 9; // EBADF

    /// <summary>ENODEV: the kernel has removed the function.</summary>
    internal const int NoDevice = 19;

    private ConfigFile(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>Opens one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="writable">Whether it can be written.</param>
    /// <param name="errno">Why not.</param>
    /// <returns>The file; null when the kernel refused.</returns>
    internal static ConfigFile? TryOpen(string path, bool writable, out int errno)
    {
        int descriptor;
        do
        {
            descriptor = OpenFile(path, (writable ? ReadWrite : ReadOnly) | CloseOnExec);
            errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (errno == Interrupted);
        return descriptor < 0 ? null : new ConfigFile(descriptor);
    }

    /// <summary>One read that is begun again when interrupted.</summary>
    /// <param name="offset">Where.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="count">How many.</param>
    /// <param name="errno">Why not, when fewer than none were read; EBADF when it is closed.</param>
    /// <returns>Bytes; negative when it failed.</returns>
    internal int Read(int offset, void* buffer, int count, out int errno) => Access(isWrite: false, offset, buffer, count, out errno);

    /// <summary>One write that is begun again when interrupted.</summary>
    /// <param name="offset">Where.</param>
    /// <param name="buffer">The bytes.</param>
    /// <param name="count">How many.</param>
    /// <param name="errno">Why not; EBADF when it is closed.</param>
    /// <returns>Bytes; negative when it failed.</returns>
    internal int Write(int offset, void* buffer, int count, out int errno) => Access(isWrite: true, offset, buffer, count, out errno);

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => CloseFile((int)handle) == 0;

    private int Access(bool isWrite, int offset, void* buffer, int count, out int errno)
    {
        errno = Closed;
        bool added = false;
        if (IsClosed)
        {
            return -1;
        }

        try
        {
            DangerousAddRef(ref added);
            nint done;
            do
            {
                done = isWrite ? WriteAt((int)handle, buffer, (nuint)count, offset) : ReadAt((int)handle, buffer, (nuint)count, offset);
                errno = done < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Interrupted);
            return (int)done;
        }
        catch (ObjectDisposedException)
        {
            // Closed between the look and the count, by who took the function from the guest.
            return -1;
        }
        finally
        {
            if (added)
            {
                DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadAt(int descriptor, void* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint WriteAt(int descriptor, void* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int descriptor);
}
