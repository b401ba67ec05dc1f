using System.Globalization;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// What this host does with its PCI functions that it would lose with them: mounted file systems, swap, interfaces that are up, the
/// display it booted with, its console. Read once; nothing is changed.
/// </summary>
public sealed class HostUses
{
    private const int InterfaceUp = 1; // IFF_UP of net/if.h

    private const int RouteUp = 1; // RTF_UP of linux/route.h
    private const int MaxLayers = 8;

    private readonly Dictionary<PciAddress, List<(string Use, string Evidence)>> _uses = [];
    private readonly string _sys;
    private readonly string _proc;

    private HostUses(string sys, string proc)
    {
        _sys = sys;
        _proc = proc;
    }

    /// <summary>Reads them.</summary>
    /// <param name="sys">Where sysfs is mounted.</param>
    /// <param name="proc">Where procfs is mounted.</param>
    /// <returns>The uses; empty where the files are absent.</returns>
    public static HostUses Read(string sys = "/sys", string proc = "/proc")
    {
        var uses = new HostUses(sys, proc);
        uses.AddFileSystems();
        uses.AddInterfaces();
        uses.AddDefaultRoute();
        uses.AddBootDisplay();
        uses.AddConsoles();
        return uses;
    }

    /// <summary>What one function is used for.</summary>
    /// <param name="address">The function.</param>
    /// <returns>Phrases for people: <c>disk vda is mounted at /</c>; empty when nothing is known.</returns>
    public IReadOnlyList<string> Of(PciAddress address) => [.. Known(address).Select(static found => found.Use)];

    /// <summary>What each use of a function was read from.</summary>
    /// <param name="address">The function.</param>
    /// <returns>File and value: <c>/sys/class/net/eth0/flags: 0x1003</c>.</returns>
    public IReadOnlyList<string> EvidenceOf(PciAddress address) => [.. Known(address).Select(static found => found.Evidence).Distinct()];

    private List<(string Use, string Evidence)> Known(PciAddress address) =>
        _uses.TryGetValue(address, out List<(string Use, string Evidence)>? found) ? found : [];

    private void AddFileSystems()
    {
        // mountinfo(5): field 3 is the device's number, field 5 the place, and the source stands behind the " - ".
        // (btrfs shows a number of its own, so the source's name counts as well).
        ILookup<string, string> numbers = Entries("class/block").ToLookup(disk => Line(disk, "dev"), Name, StringComparer.Ordinal);
        string mounts = Path.Combine(_proc, "self/mountinfo");
        foreach (string line in Lines(mounts))
        {
            string[] fields = line.Split(' ');
            int separator = Array.IndexOf(fields, "-");
            if (fields.Length < 5 || separator < 0 || separator + 2 >= fields.Length)
            {
                continue;
            }

            foreach (string? disk in numbers[fields[2]].Append(SourceName(fields[separator + 2])).Distinct().ToArray())
            {
                string place = fields[4].Replace("\\040", " ", StringComparison.Ordinal);
                AddDisk(disk, $"is mounted at {place}", $"{mounts}: {fields[2]} {fields[separator + 2]} at {place}", 0);
            }
        }

        string swaps = Path.Combine(_proc, "swaps");
        foreach (string? line in Lines(swaps).Skip(1))
        {
            string source = line.Split(' ', '\t')[0];
            AddDisk(SourceName(source), "is used for swap", $"{swaps}: {source}", 0);
        }
    }

    // A mounted device may be made of others (device mapper, md): theirs are the functions behind it.
    private void AddDisk(string name, string use, string evidence, int depth)
    {
        string disk = Path.Combine(_sys, "class/block", name);
        if (name.Length == 0 || depth > MaxLayers || !Directory.Exists(disk))
        {
            return;
        }

        if (OwnerOf(disk) is { } owner)
        {
            Add(owner, $"disk {name} {use}", evidence);
        }

        foreach (string below in Children(Path.Combine(disk, "slaves")))
        {
            AddDisk(Name(below), use, evidence, depth + 1);
        }

        AddMultipath(name, use, evidence);
    }

    // A multipath NVMe namespace hangs below a subsystem; its controllers are the functions.
    private void AddMultipath(string name, string use, string evidence)
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
                Add(owner, $"disk {name} {use}", evidence);
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
                Add(owner, $"network interface {Name(port)} is up", $"{Path.Combine(port, "flags")}: {flags}");
            }
        }
    }

    // Iface, destination, gateway, flags: in hexadecimal (proc_pid_net(5)). The default route may lead through a bridge or a bond of others.
    private void AddDefaultRoute()
    {
        string routes = Path.Combine(_proc, "net/route");
        foreach (string line in Lines(routes).Skip(1))
        {
            string[] fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 3 && fields[1] == "00000000"
                && int.TryParse(fields[3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int flags) && (flags & RouteUp) != 0)
            {
                AddRoute(fields[0], fields[0], $"{routes}: {fields[0]} {fields[1]} {fields[2]}", 0);
            }
        }
    }

    private void AddRoute(string port, string route, string evidence, int depth)
    {
        string directory = Path.Combine(_sys, "class/net", port);
        if (depth > MaxLayers || !Directory.Exists(directory))
        {
            return;
        }

        if (OwnerOf(directory) is { } owner)
        {
            Add(owner, $"the host's default route goes through {route}", evidence);
        }

        foreach (string lower in Children(directory).Select(Name).Where(static name => name.StartsWith("lower_", StringComparison.Ordinal)))
        {
            AddRoute(lower["lower_".Length..], route, evidence, depth + 1);
        }
    }

    private void AddBootDisplay()
    {
        foreach (string function in Entries("bus/pci/devices"))
        {
            if (Line(function, "boot_vga") == "1" && PciAddress.TryParse(Name(function), out PciAddress address))
            {
                Add(address, "it is the display this host booted with", $"{Path.Combine(function, "boot_vga")}: 1");
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
                Add(owner, $"serial port {console} is this host's console", $"{Path.Combine(_sys, "class/tty/console/active")}: {console}");
            }
        }
    }

    private void Add(PciAddress address, string use, string evidence)
    {
        if (!_uses.TryGetValue(address, out List<(string Use, string Evidence)>? list))
        {
            _uses.Add(address, list = []);
        }

        if (!list.Exists(known => known.Use == use))
        {
            list.Add((use, evidence));
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
