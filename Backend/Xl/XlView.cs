using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Xl;

/// <summary>
/// What unmodified xl needs to see: <c>/sys/bus/pci/drivers</c> with every driver of the host and a <c>pciback</c> that is <see cref="PcibackDirectory"/>'s.
/// It lives in a private mount namespace, so it lasts as long as the process that entered it and its children: xl's background process, too,
/// which does PCI work again when its guest reboots or ends. The daemon's part is mounted on a file system whose mounts appear in all
/// copies, so a view outlives a restart of the daemon. Drivers are bind mounts, because libxl stores a driver's resolved path and writes to
/// it later, perhaps from outside. A driver loaded after xl started is missing from that xl's view; the next one sees it.
/// </summary>
public static class XlView
{
    /// <summary>Where the kernel lists its PCI drivers.</summary>
    public const string Drivers = "/sys/bus/pci/drivers";

    private const string Pciback = "pciback";

    /// <summary>Puts the calling thread into a new view. What it starts or becomes from now on sees it.</summary>
    /// <param name="runDirectory">The daemon's directory for this boot.</param>
    /// <exception cref="BackendException">The daemon does not serve the directory, it is not root's or this user's alone, or no privilege.</exception>
    public static void Enter(string runDirectory)
    {
        ThrowUnlessPrivate(runDirectory);
        string view = DriversIn(runDirectory);
        // A directory whose daemon died answers nothing; one that was never mounted is empty.
        if (!File.Exists(Path.Combine(PcibackIn(runDirectory), "slots")))
        {
            throw new BackendException(
                BackendFailure.Failed,
                $"the daemon does not show its devices to xl: {PcibackIn(runDirectory)} is not mounted, or may not be read by this user");
        }

        try
        {
            MountTable.LeaveHost();
            foreach (string driver in Directory.EnumerateDirectories(Drivers).Order(StringComparer.Ordinal).ToArray())
            {
                string name = Path.GetFileName(driver);
                if (name != Pciback)
                {
                    MountTable.Bind(driver, Directory.CreateDirectory(Path.Combine(view, name)).FullName);
                }
            }

            MountTable.Bind(view, Drivers);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new BackendException(BackendFailure.Failed, $"cannot make xl's view: {failure.Message}", failure);
        }
    }

    // What lies there is shown to xl as the kernel's own.
    private static void ThrowUnlessPrivate(string runDirectory)
    {
        try
        {
            PrivateDirectory.Open(runDirectory).Dispose();
        }
        catch (UnsafeDirectoryException e)
        {
            throw new BackendException(BackendFailure.Refused, e.Message, e);
        }
        catch (IOException)
        {
            // Not there, or not to be opened: said by who misses something in it.
        }
    }

    /// <summary>The file system that views are made of.</summary>
    internal static string DriversIn(string runDirectory) => Path.Combine(Path.GetFullPath(runDirectory), "drivers");

    /// <summary>Where the daemon's own directory lies in it.</summary>
    internal static string PcibackIn(string runDirectory) => Path.Combine(DriversIn(runDirectory), Pciback);
}
