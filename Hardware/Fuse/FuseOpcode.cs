namespace PciBackFlow.Hardware.Fuse;

/// <summary>What the kernel asks of a file system (linux/fuse.h, enum fuse_opcode): those that a flat directory of small files meets.</summary>
public enum FuseOpcode : uint
{
    /// <summary>A name in a directory.</summary>
    Lookup = 1,

    /// <summary>A node is no longer known to the kernel; not answered.</summary>
    Forget = 2,

    /// <summary>A node's attributes.</summary>
    GetAttributes = 3,

    /// <summary>Changes attributes; O_TRUNC arrives as a size of 0.</summary>
    SetAttributes = 4,

    /// <summary>Where a symbolic link leads.</summary>
    ReadLink = 5,

    /// <summary>Opens a file.</summary>
    Open = 14,

    /// <summary>Reads a file.</summary>
    Read = 15,

    /// <summary>Writes a file.</summary>
    Write = 16,

    /// <summary>The file system's size.</summary>
    StatFileSystem = 17,

    /// <summary>The last user of an open file is gone.</summary>
    Release = 18,

    /// <summary>The first message: versions and abilities.</summary>
    Init = 26,

    /// <summary>Opens a directory.</summary>
    OpenDirectory = 27,

    /// <summary>Lists a directory.</summary>
    ReadDirectory = 28,

    /// <summary>The last user of an open directory is gone.</summary>
    ReleaseDirectory = 29,

    /// <summary>Who waits for an earlier request was sent a signal; not answered.</summary>
    Interrupt = 36,

    /// <summary>The file system is unmounted.</summary>
    Destroy = 38,

    /// <summary>Many <see cref="Forget"/>; not answered.</summary>
    BatchForget = 42,
}
