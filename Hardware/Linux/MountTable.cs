namespace PciBackFlow.Hardware.Linux;

/// <summary>
/// What this process sees mounted where (mount_namespaces(7)). All calls need CAP_SYS_ADMIN and concern the calling thread's namespace, which after
/// <see cref="LeaveHost"/> is that thread's own.
/// </summary>
public static class MountTable
{
    /// <summary>
    /// Gives the calling thread a copy of the mount table. What the host mounts later appears in the copy; nothing goes the other way.
    /// </summary>
    /// <exception cref="IOException">No privilege.</exception>
    public static void LeaveHost()
    {
        if (LinuxCalls.Unshare(LinuxCalls.NewMountNamespace) != 0)
        {
            throw LinuxCalls.Failure("cannot make a mount namespace");
        }

        Change(null, "/", null, LinuxCalls.Slave | LinuxCalls.Recursive, null, "cannot take the mounts out of the host's sight");
    }

    /// <summary>Shows a directory, and what is mounted below it, in a second place.</summary>
    /// <param name="source">The directory.</param>
    /// <param name="target">An existing directory.</param>
    /// <exception cref="IOException">One doesn't exist, or no privilege.</exception>
    public static void Bind(string source, string target) =>
        Change(source, target, null, LinuxCalls.Bind | LinuxCalls.Recursive, null, $"cannot show {source} at {target}");

    /// <summary>
    /// Mounts an empty file system in memory whose later mounts appear in every copy of it, in other namespaces too; does nothing when one is there.
    /// </summary>
    /// <param name="target">An existing directory, by its full path.</param>
    /// <exception cref="IOException">No privilege.</exception>
    public static void ShareMemory(string target)
    {
        if (IsMounted(target, File.ReadAllText("/proc/self/mountinfo")))
        {
            return;
        }

        const ulong Flags = LinuxCalls.NoSetUserId | LinuxCalls.NoDevices | LinuxCalls.NoPrograms;
        Change("pcibackflow", target, "tmpfs", Flags, "mode=0755,size=1m", $"cannot mount a tmpfs at {target}");
        Change(null, target, null, LinuxCalls.Shared, null, $"cannot share {target}");
    }

    /// <summary>Takes away whatever is mounted on a directory, at once: files open there stay with those who have them.</summary>
    /// <param name="target">The directory.</param>
    /// <returns>Whether something was.</returns>
    public static bool Detach(string target) => LinuxCalls.Unmount(target, LinuxCalls.Detach) == 0;

    /// <summary>Whether a mount table names a place: its fifth field, white space and backslashes in octal (proc_pid_mountinfo(5)).</summary>
    /// <param name="target">The full path.</param>
    /// <param name="mountinfo">The text of /proc/PID/mountinfo.</param>
    /// <returns>True when something is mounted there.</returns>
    public static bool IsMounted(string target, string mountinfo)
    {
        string escaped = target.Replace(@"\", @"\134", StringComparison.Ordinal).Replace(" ", @"\040", StringComparison.Ordinal)
            .Replace("\t", @"\011", StringComparison.Ordinal).Replace("\n", @"\012", StringComparison.Ordinal);
        return mountinfo.Split('\n').Any(line => line.Split(' ') is { Length: > 4 } fields && fields[4] == escaped);
    }

    private static void Change(string? source, string target, string? type, ulong flags, string? options, string failure)
    {
        if (LinuxCalls.Mount(source, target, type, flags, options) != 0)
        {
            throw LinuxCalls.Failure(failure);
        }
    }
}
