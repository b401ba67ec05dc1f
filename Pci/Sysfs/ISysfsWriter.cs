namespace PciBackFlow.Pci.Sysfs;

/// <summary>Writes to sysfs attributes, each of which makes the kernel do something. A seam: tests put a kernel of their own behind it.</summary>
public interface ISysfsWriter
{
    /// <summary>Writes an attribute in one system call.</summary>
    /// <param name="path">The attribute's file; it must exist.</param>
    /// <param name="text">What to write, without a newline.</param>
    /// <exception cref="IOException">The kernel refused; the message names the file and says why.</exception>
    void Write(string path, string text);
}
