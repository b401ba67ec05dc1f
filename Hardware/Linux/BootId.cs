namespace PciBackFlow.Hardware.Linux;

/// <summary>Which boot of the host this is: what the kernel and Xen were told ends with it.</summary>
public static class BootId
{
    /// <summary>Reads the kernel's id of this boot.</summary>
    /// <param name="proc">Where the kernel's process file system is mounted.</param>
    /// <returns>A UUID in text.</returns>
    /// <exception cref="IOException">The kernel doesn't tell.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string Read(string proc = "/proc") => File.ReadAllText(Path.Combine(proc, "sys/kernel/random/boot_id")).Trim();
}
