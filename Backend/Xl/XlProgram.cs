namespace PciBackFlow.Backend.Xl;

/// <summary>Where this host keeps xl.</summary>
public static class XlProgram
{
    // Where distributions put it, for users whose PATH lacks the administrator's directories.
    private static readonly string[] Usual = ["usr/local/sbin", "usr/sbin", "sbin"];

    /// <summary>Finds xl: on the path, then in the usual places, then among Xen's own directories (the running hypervisor's version first).</summary>
    /// <param name="path">Directories separated by colons; null for none.</param>
    /// <param name="root">Where the file system begins.</param>
    /// <returns>The program, or null.</returns>
    public static string? Find(string? path, string root = "/")
    {
        IEnumerable<string> onPath = (path ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries);
        return onPath.Concat(Usual.Select(directory => Path.Combine(root, directory))).Concat(OfXen(root))
            .Select(static directory => Path.Combine(directory, "xl")).FirstOrDefault(IsProgram);
    }

    // Debian installs a toolstack for each hypervisor version; one of another version cannot talk to the running one.
    private static IEnumerable<string> OfXen(string root)
    {
        string library = Path.Combine(root, "usr/lib");
        string[] installed = Directory.Exists(library) ? Directory.GetDirectories(library, "xen-*") : [];
        string running = $"xen-{Version(root, "major")}.{Version(root, "minor")}";
        return installed.OrderByDescending(directory => Path.GetFileName(directory) == running)
            .ThenByDescending(static directory =>
                System.Version.TryParse(Path.GetFileName(directory)["xen-".Length..], out Version? version) ? version : new Version(0, 0))
            .Select(static directory => Path.Combine(directory, "bin"));
    }

    private static string Version(string root, string part)
    {
        string file = Path.Combine(root, "sys/hypervisor/version", part);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : string.Empty;
    }

    private static bool IsProgram(string file)
    {
        const UnixFileMode Runs = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(file) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & Runs) != 0);
    }
}
