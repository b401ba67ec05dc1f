namespace PciBackFlow.Hardware.Fuse;

/// <summary>A file, link or directory, owned by root; without times.</summary>
/// <param name="Id">Its number; 1 is the root.</param>
/// <param name="Mode">Kind and permissions, stat(2)'s st_mode.</param>
/// <param name="Size">Its length in bytes.</param>
public readonly record struct FuseNode(ulong Id, uint Mode, ulong Size)
{
    /// <summary>The number of the root.</summary>
    public const ulong RootId = 1;

    /// <summary>S_IFDIR.</summary>
    public const uint Directory = 0x4000;

    /// <summary>S_IFREG.</summary>
    public const uint File = 0x8000;

    /// <summary>S_IFLNK.</summary>
    public const uint Link = 0xA000;

    /// <summary>The kind alone, as a directory entry tells it (DT_DIR, DT_REG, DT_LNK).</summary>
    public uint EntryType => (Mode & 0xF000) >> 12;
}
