namespace PciBackFlow.Backend.Grants;

/// <summary>Which boot of the host this is: grants end with it.</summary>
public static class BootId
{
    private const string Path = "/proc/sys/kernel/random/boot_id";

    /// <summary>Reads the kernel's id of this boot.</summary>
    /// <returns>A UUID in text.</returns>
    /// <exception cref="IOException">The kernel doesn't tell.</exception>
    public static string Read() => File.ReadAllText(Path).Trim();
}
