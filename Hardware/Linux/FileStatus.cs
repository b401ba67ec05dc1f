using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Linux;

/// <summary>Which file a descriptor or a path means: what the kernel says of it (statx(2)).</summary>
/// <param name="Kind">The file's type: the upper four bits of its mode.</param>
/// <param name="FileSystem">The device that its file system lies on.</param>
/// <param name="Inode">Its number there. With <paramref name="FileSystem"/> it tells one pipe from another.</param>
/// <param name="Device">Which device it stands for; 0 for none.</param>
internal readonly record struct FileStatus(int Kind, ulong FileSystem, ulong Inode, ulong Device)
{
    /// <summary>S_IFCHR: a character device.</summary>
    public const int CharacterDevice = 0x2000;

    private const int KindMask = 0xF000; // S_IFMT
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const int WorkingDirectory = -100; // AT_FDCWD
    private const uint KindAndInode = 0x101; // STATX_TYPE | STATX_INO

    // struct statx of linux/stat.h
    private const int Size = 256;
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 128;
    private const int FileSystemOffset = 136;

    /// <summary>The file of an open descriptor.</summary>
    /// <returns>Null when it is none.</returns>
    public static FileStatus? Of(SafeHandle descriptor)
    {
        bool added = false;
        try
        {
            descriptor.DangerousAddRef(ref added);
            return Read((int)descriptor.DangerousGetHandle(), string.Empty, EmptyPath);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
        finally
        {
            if (added)
            {
                descriptor.DangerousRelease();
            }
        }
    }

    /// <summary>The file that lies at a path.</summary>
    /// <returns>Null when none does, or it cannot be asked for.</returns>
    public static FileStatus? Of(string path) => Read(WorkingDirectory, path, 0);

    private static unsafe FileStatus? Read(int directory, string path, int flags)
    {
        byte* status = stackalloc byte[Size];
        if (LinuxCalls.Statx(directory, path, flags, KindAndInode, status) != 0)
        {
            return null;
        }

        ReadOnlySpan<byte> read = new(status, Size);
        return new(
            BinaryPrimitives.ReadUInt16LittleEndian(read[ModeOffset..]) & KindMask,
            BinaryPrimitives.ReadUInt64LittleEndian(read[FileSystemOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(read[InodeOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(read[DeviceOffset..]));
    }
}
