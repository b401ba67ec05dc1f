using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Filter.Run;

namespace PciBackFlow.Backend.Inheritance;

/// <summary>
/// The registers of one guest in one function, in a file that is mapped: a plain store into them is in the kernel's page cache, which a killed process leaves
/// behind. The mapping lives for as long as the registers are used by anybody, a thread that hangs inside included.
/// </summary>
internal static class RegisterFile
{
    /// <summary>Makes a file, in the place of whatever lies there.</summary>
    /// <param name="path">Where.</param>
    /// <param name="header">Whose registers.</param>
    /// <returns>The registers, zeroed.</returns>
    /// <exception cref="IOException">It cannot be written, or mapped.</exception>
    public static VirtualRegisters Create(string path, RegisterHeader header)
    {
        // Written whole: memory that the file system has no room for must fail here, and not when a guest writes to it. Renamed: the old file may be mapped.
        byte[] bytes = new byte[RegisterHeader.Size + (VirtualRegisters.WordsFor(header.ConfigSize) * sizeof(uint))];
        header.Write(bytes);
        string next = $"{path}.new";
        using (SafeFileHandle file = File.OpenHandle(next, FileMode.Create, FileAccess.ReadWrite))
        {
            RandomAccess.Write(file, bytes, 0);
        }

        File.Move(next, path, overwrite: true);
        return Map(path, RegisterHeader.Size, bytes.Length, header.ConfigSize);
    }

    /// <summary>Maps a file that an earlier daemon left.</summary>
    /// <param name="path">Where.</param>
    /// <param name="expected">Whose registers they have to be.</param>
    /// <param name="problem">Why there are none.</param>
    /// <returns>The registers as they are; null when they are not these.</returns>
    /// <exception cref="IOException">It cannot be read, or mapped.</exception>
    public static VirtualRegisters? Find(string path, RegisterHeader expected, out string? problem)
    {
        if (!File.Exists(path))
        {
            problem = "there is no such file";
            return null;
        }

        byte[] bytes = File.ReadAllBytes(path);
        problem = RegisterHeader.Read(bytes, out RegisterHeader header, out int size);
        if (problem is null && header != expected)
        {
            problem = header.Life != expected.Life || header.Boot != expected.Boot
                ? $"they are another guest's: domain {header.Life.DomainId}, {header.Life.Handle}"
                : $"they are of {header.Host} at {header.Guest} with {header.ConfigSize} bytes";
        }

        int length = size + (VirtualRegisters.WordsFor(expected.ConfigSize) * sizeof(uint));
        if (problem is null && bytes.Length != length)
        {
            problem = bytes.Length < length ? "it is cut off" : "it is longer than its registers";
        }

        return problem is null ? Map(path, size, length, expected.ConfigSize) : null;
    }

    private static unsafe VirtualRegisters Map(string path, int offset, int length, int configSize)
    {
        using var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, length, MemoryMappedFileAccess.ReadWrite);
        SafeMemoryMappedViewHandle view = file.CreateViewAccessor(0, length).SafeMemoryMappedViewHandle;

        // Not acquired, which would have to be undone: the registers keep the handle, and what is left of the mapping goes with them.
        return new(configSize, (uint*)((byte*)view.DangerousGetHandle() + offset), owner: view);
    }
}
