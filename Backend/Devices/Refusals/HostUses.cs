using System.Globalization;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// What this host does with its PCI functions that it would lose with them: mounted file systems, swap, interfaces that are up, the
/// display it booted with, its console. Read once; nothing is changed.
/// </summary>
public sealed class HostUses
{
    private const int InterfaceUp = 1; // IFF_UP of net/if.h

    private readonly Dictionary<PciAddress, List<string>> _uses = [];
    private readonly string _sys;

    private HostUses(string sys) => _sys = sys;

    /// <summary>Reads them.</summary>
    /// <param name="sys">Where sysfs is mounted.</param>
    /// <param name="proc">Where procfs is mounted.</param>
    /// <returns>The uses; empty where the files are absent.</returns>
    public static HostUses Read(string sys = "/sys", string proc = "/proc")
    {
        var uses = new HostUses(sys);
        uses.AddFileSystems(proc);
        uses.AddInterfaces();
        uses.AddBootDisplay();
        uses.AddConsoles();
        return uses;
    }

    /// <summary>What one function is used for.</summary>
    /// <param name="address">The function.</param>
    /// <returns>Phrases for people: <c>disk vda is mounted at /</c>; empty when nothing is known.</returns>
    public IReadOnlyList<string> Of(PciAddress address) => _uses.TryGetValue(address, out List<string>? found) ? found : [];

    private void AddFileSystems(string proc)
    {
        // mountinfo(5): field 3 is the device's number, field 5 the place, and the source stands behind the " - ".
        // (btrfs shows a number of its own, so the source's name counts as well).
        ILookup<string, string> numbers = Entries("class/block").ToLookup(disk => Line(disk, "dev"), Name, StringComparer.Ordinal);
        foreach (string line in Lines(Path.Combine(proc, "self/mountinfo")))
        {
            string[] fields = line.Split(' ');
            int separator = Array.IndexOf(fields, "-");
            if (fields.Length < 5 || separator < 0 || separator + 2 >= fields.Length)
            {
                continue;
            }

            foreach (string? disk in numbers[fields[2]].Append(SourceName(fields[separator + 2])).Distinct().ToArray())
            {
                AddDisk(disk, $"is mounted at {fields[4].Replace("\\040", " ", StringComparison.Ordinal)}", 0);
            }
        }

        foreach (string? line in Lines(Path.Combine(proc, "swaps")).Skip(1))
        {
            AddDisk(SourceName(line.Split(' ', '\t')[0]), "is used for swap", 0);
        }
    }

    // A mounted device may be made of others (device mapper, md): theirs are the functions behind it.
    private void AddDisk(string name, string use, int depth)
    {
        const int MaxLayers = 8;
        string disk = Path.Combine(_sys, "class/block", name);
        if (name.Length == 0 || depth > MaxLayers || !Directory.Exists(disk))
        {
            return;
        }

        if (OwnerOf(disk) is { } owner)
        {
            Add(owner, $"disk {name} {use}");
        }

        foreach (string below in Children(Path.Combine(disk, "slaves")))
        {
            AddDisk(Name(below), use, depth + 1);
        }

        AddMultipath(name, use);
    }

    // A multipath NVMe namespace hangs below a subsystem; its controllers are the functions.
    private void AddMultipath(string name, string use)
    {
        string path = RealPath(Path.Combine(_sys, "class/block", name));
        string? subsystem = path.Split('/').FirstOrDefault(part => part.StartsWith("nvme-subsys", StringComparison.Ordinal) && part != "nvme-subsystem");
        if (subsystem is null)
        {
            return;
        }

        foreach (string controller in Children(Path.Combine(_sys, "class/nvme-subsystem", subsystem)))
        {
            if (Name(controller).StartsWith("nvme", StringComparison.Ordinal) && OwnerOf(controller) is { } owner)
            {
                Add(owner, $"disk {name} {use}");
            }
        }
    }

    private void AddInterfaces()
    {
        foreach (string port in Entries("class/net"))
        {
            string flags = Line(port, "flags");
            if (flags.StartsWith("0x", StringComparison.Ordinal)
                && int.TryParse(flags.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int bits)
                && (bits & InterfaceUp) != 0 && OwnerOf(port) is { } owner)
            {
                Add(owner, $"network interface {Name(port)} is up");
            }
        }
    }

    private void AddBootDisplay()
    {
        foreach (string function in Entries("bus/pci/devices"))
        {
            if (Line(function, "boot_vga") == "1" && PciAddress.TryParse(Name(function), out PciAddress address))
            {
                Add(address, "it is the display this host booted with");
            }
        }
    }

    // /dev/console writes to all that are named here (Documentation/ABI/testing/sysfs-tty). A port that Xen's own console uses does
    // not appear: Xen keeps it, and says so.
    private void AddConsoles()
    {
        foreach (string console in Line(Path.Combine(_sys, "class/tty/console"), "active").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string port = Path.Combine(_sys, "class/tty", console);
            if (Directory.Exists(port) && OwnerOf(port) is { } owner)
            {
                Add(owner, $"serial port {console} is this host's console");
            }
        }
    }

    private void Add(PciAddress address, string use)
    {
        if (!_uses.TryGetValue(address, out List<string>? list))
        {
            _uses.Add(address, list = []);
        }

        if (!list.Contains(use))
        {
            list.Add(use);
        }
    }

    /// <summary>The function a sysfs object belongs to: the last one on its path, because bridges come before what is behind them.</summary>
    private static PciAddress? OwnerOf(string path)
    {
        PciAddress? owner = null;
        foreach (string part in RealPath(path).Split('/'))
        {
            if (PciAddress.TryParse(part, out PciAddress address))
            {
                owner = address;
            }
        }

        return owner;
    }

    private static string RealPath(string path)
    {
        try
        {
            return new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    private static string SourceName(string source) =>
        source.StartsWith("/dev/", StringComparison.Ordinal) ? Name(RealFile(source)) : string.Empty;

    // /dev/mapper/NAME and /dev/disk/by-* are links to the kernel's own name.
    private static string RealFile(string path)
    {
        try
        {
            return new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    private static string Name(string path) => Path.GetFileName(path);

    private string[] Entries(string directory) => Children(Path.Combine(_sys, directory));

    private static string[] Children(string directory) =>
        Directory.Exists(directory) ? Directory.GetFileSystemEntries(directory).Order(StringComparer.Ordinal).ToArray() : [];

    private static string Line(string directory, string file) => Lines(Path.Combine(directory, file)).FirstOrDefault() ?? string.Empty;

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
