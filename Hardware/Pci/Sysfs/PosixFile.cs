using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Pci.Sysfs;

/// <summary>
/// The system calls a configuration space needs: each access must be one pread or pwrite of exactly its size, because the
/// kernel turns it into one access of that width; streams buffer and split.
/// </summary>
internal static unsafe partial class PosixFile
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int CloseOnExec = 0x80000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint Write(int descriptor, void* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);
}
