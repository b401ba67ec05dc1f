using System.Text;

namespace PciBackFlow.Pci.Sysfs;

/// <summary>Writes to the real sysfs.</summary>
public sealed class SysfsWriter : ISysfsWriter
{
    private SysfsWriter()
    {
    }

    /// <summary>The only one: it has no state.</summary>
    public static SysfsWriter Instance { get; } = new();

    /// <inheritdoc/>
    public void Write(string path, string text)
    {
        try
        {
            // Unbuffered: the kernel acts on each write call, and its answer is the call's. A newline makes an empty text a write at all.
            using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            stream.Write(Encoding.ASCII.GetBytes(text + "\n"));
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException($"permission denied: '{path}'", refused);
        }
    }
}
