using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Linux;

/// <summary>
/// The system calls of this layer, each declared here once, with their constants (Linux uapi headers). Those that take a handle count it: a descriptor that
/// another thread is using is not closed, and so never names somebody else's file.
/// </summary>
internal static unsafe partial class LinuxCalls
{
    // linux/sched.h
    public const int NewMountNamespace = 0x20000;

    // linux/mount.h
    public const ulong NoSetUserId = 0x2;
    public const ulong NoDevices = 0x4;
    public const ulong NoPrograms = 0x8;
    public const ulong Bind = 0x1000;
    public const ulong Recursive = 0x4000;
    public const ulong Slave = 0x80000;
    public const ulong Shared = 0x100000;
    public const int Detach = 2;

    // asm-generic/fcntl.h
    public const int ReadWrite = 0x2;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int Directory = 0x10000;
    public const int NoFollow = 0x20000;

    // asm-generic/poll.h
    public const short Readable = 0x1;

    // linux/socket.h, linux/net.h, linux/netlink.h, include/net/netlink.h: the first group is the kernel's own, the second udev's
    public const ushort NetlinkFamily = 16;
    public const int Datagrams = 2;
    public const int KernelObjectEvents = 15;
    public const uint KernelsOwn = 1;

    // asm-generic/mman-common.h, linux/mman.h
    public const int PopulateRead = 22;
    public const int ReadAndWrite = 0x3;
    public const int SharedMapping = 0x1;

    // asm-generic/signal.h
    public const int BrokenPipe = 13;

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int Advise(void* address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string? source, string target, string? type, ulong flags, string? options);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true)]
    public static partial int Execute(byte* path, byte** arguments);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    public static partial nint SetSignal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int directory, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeHandle file, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeHandle file, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(SafeHandle device, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial void* Map(void* wanted, nuint length, int protection, int flags, SafeHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int OpenEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PolledDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int BindSocket(int descriptor, NetlinkAddress* address, uint length);

    [LibraryImport("libc", EntryPoint = "recvfrom", SetLastError = true)]
    public static partial nint ReceiveFrom(int descriptor, byte* buffer, nuint count, int flags, NetlinkAddress* sender, uint* length);

    /// <summary>The last call's error as an exception.</summary>
    public static IOException Failure(string what)
    {
        int error = Marshal.GetLastPInvokeError();
        return new($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    /// <summary>struct sockaddr_nl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct NetlinkAddress
    {
        public ushort Family;
        public ushort Padding;

        /// <summary>The sending process; 0 is the kernel.</summary>
        public uint Process;
        public uint Groups;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PolledDescriptor
    {
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }
}
