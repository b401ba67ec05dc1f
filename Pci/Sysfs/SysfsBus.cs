using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PciBackFlow.Pci.Sysfs;

/// <summary>
/// The host's PCI bus through sysfs (Linux Documentation/ABI/testing/sysfs-bus-pci): what it has, how it hangs together, and what the kernel can be
/// asked to do with a function. Nothing is cached. Safe for use by many threads.
/// </summary>
public sealed class SysfsBus
{
    private const string NoOverride = "(null)";

    private readonly string _bus;
    private readonly ISysfsWriter _writer;

    /// <summary>Looks at a bus.</summary>
    /// <param name="sys">Where sysfs is mounted.</param>
    /// <param name="writer">Who writes; the real kernel's files when null.</param>
    public SysfsBus(string sys = "/sys", ISysfsWriter? writer = null)
    {
        Sys = sys;
        _bus = Path.Combine(sys, "bus/pci");
        DevicesRoot = Path.Combine(_bus, "devices");
        _writer = writer ?? SysfsWriter.Instance;
    }

    /// <summary>Where sysfs is mounted.</summary>
    public string Sys { get; }

    /// <summary>The directory of all functions.</summary>
    public string DevicesRoot { get; }

    /// <summary>Whether the host has a function now.</summary>
    /// <param name="address">Its address.</param>
    /// <returns>False when there is none, or it was unplugged.</returns>
    public bool Exists(PciAddress address) => Directory.Exists(DirectoryOf(address));

    /// <summary>Describes one function without changing anything.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="function">What the host says; null when it has no such function.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryDescribe(PciAddress address, [NotNullWhen(true)] out HostFunction? function) =>
        PciDevices.TryDescribe(address, out function, DevicesRoot);

    /// <summary>Describes all functions; one that vanishes meanwhile is left out.</summary>
    /// <returns>In the order of their addresses.</returns>
    public IReadOnlyList<HostFunction> List() => PciDevices.List(DevicesRoot);

    /// <summary>Opens a function for reading and writing.</summary>
    /// <param name="address">Its address.</param>
    /// <returns>The function; the caller disposes it.</returns>
    /// <exception cref="IOException">It does not exist, or may not be opened so.</exception>
    public SysfsFunction Open(PciAddress address) => SysfsFunction.Open(address, writable: true, DevicesRoot);

    /// <summary>Opens a function's registers, only to look at them.</summary>
    /// <param name="address">The function.</param>
    /// <returns>The function; dispose it. Null when there is none, or its files cannot be opened.</returns>
    public SysfsFunction? TryOpenToRead(PciAddress address)
    {
        try
        {
            return SysfsFunction.Open(address, writable: false, DevicesRoot);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads an attribute of a function.</summary>
    /// <param name="address">The function.</param>
    /// <param name="attribute">Its file's name, e.g. <c>power/control</c>.</param>
    /// <returns>The text without white space around it; null when it is absent or cannot be read.</returns>
    public string? Read(PciAddress address, string attribute) => SysfsAttributes.Text(DirectoryOf(address), attribute);

    /// <summary>Reads an attribute that is a hexadecimal number: an id, a class.</summary>
    /// <param name="address">The function.</param>
    /// <param name="attribute">Its file's name.</param>
    /// <returns>The number; 0 when it is absent.</returns>
    public uint ReadNumber(PciAddress address, string attribute) => SysfsAttributes.Hex(DirectoryOf(address), attribute) ?? 0;

    /// <summary>A function's memory and ports as the kernel placed them; the function itself is not asked, which may hang.</summary>
    /// <param name="address">The function.</param>
    /// <returns>Indexes 0 to 5 the BARs, 6 the ROM.</returns>
    /// <exception cref="IOException">The host has no such function.</exception>
    public IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address) => Exists(address)
        ? SysfsAttributes.Resources(DirectoryOf(address))
        : throw new IOException($"{address}: no such function on this host ({DirectoryOf(address)})");

    /// <summary>The bound driver's name.</summary>
    /// <param name="address">The function.</param>
    /// <returns>The name, or null.</returns>
    public string? DriverOf(PciAddress address) => SysfsAttributes.Link(DirectoryOf(address), "driver");

    /// <summary>The kernel's reset methods of a function; its registers are not touched.</summary>
    /// <param name="address">The function.</param>
    /// <returns>In the order in which they are tried; <c>reset</c> alone where the kernel only says that there is one.</returns>
    public IReadOnlyList<string> ResetMethodsOf(PciAddress address) =>
        (Read(address, "reset_method") ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } methods ? methods
        : File.Exists(Path.Combine(DirectoryOf(address), "reset")) ? ["reset"]
        : [];

    /// <summary>The IOMMU group of a function.</summary>
    /// <param name="address">The function.</param>
    /// <returns>Its number; null when the kernel has none for it, as under Xen.</returns>
    public int? IommuGroupOf(PciAddress address) =>
        int.TryParse(SysfsAttributes.Link(DirectoryOf(address), "iommu_group"), NumberStyles.None, CultureInfo.InvariantCulture, out int group) ? group : null;

    /// <summary>Where a file of a function lies, for people.</summary>
    /// <param name="address">The function.</param>
    /// <param name="attribute">Its file's name.</param>
    /// <returns>The path.</returns>
    public string FileOf(PciAddress address, string attribute) => Path.Combine(DirectoryOf(address), attribute);

    /// <summary>The only driver the kernel may bind to a function.</summary>
    /// <param name="address">The function.</param>
    /// <returns>The name; null when any driver may.</returns>
    public string? OverrideOf(PciAddress address) => Read(address, "driver_override") is { Length: > 0 } name && name != NoOverride ? name : null;

    /// <summary>
    /// The way to a function: its root bus and then the bridges, from the host down. Bus numbers change with a machine's other cards; slots and functions
    /// on the way do not.
    /// </summary>
    /// <param name="address">The function.</param>
    /// <returns>The bridges above it, the root port first; empty on a root bus.</returns>
    public IReadOnlyList<PciAddress> BridgesAbove(PciAddress address)
    {
        List<PciAddress> bridges = [];
        foreach (string part in RealPath(address).Split('/'))
        {
            if (PciAddress.TryParse(part, out PciAddress bridge) && bridge != address)
            {
                bridges.Add(bridge);
            }
        }

        return bridges;
    }

    /// <summary>The virtual functions of a physical one.</summary>
    /// <param name="address">The physical function.</param>
    /// <returns>Those that exist now, in order; empty when none are enabled.</returns>
    public IReadOnlyList<PciAddress> VirtualFunctionsOf(PciAddress address)
    {
        List<PciAddress> found = [];
        string directory = DirectoryOf(address);
        if (!Directory.Exists(directory))
        {
            return found;
        }

        foreach (string entry in Directory.EnumerateFileSystemEntries(directory, "virtfn*"))
        {
            if (PciAddress.TryParse(SysfsAttributes.Link(directory, Path.GetFileName(entry)), out PciAddress virtualFunction))
            {
                found.Add(virtualFunction);
            }
        }

        found.Sort();
        return found;
    }

    /// <summary>The physical function of a virtual one.</summary>
    /// <param name="address">The function.</param>
    /// <returns>It, or null when this is no virtual function.</returns>
    public PciAddress? PhysicalFunctionOf(PciAddress address) =>
        PciAddress.TryParse(SysfsAttributes.Link(DirectoryOf(address), "physfn"), out PciAddress physical) ? physical : null;

    /// <summary>Lets only one driver bind to a function from the next probe on.</summary>
    /// <param name="address">The function.</param>
    /// <param name="driver">The driver's name, which need not exist; null for any driver.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void SetOverride(PciAddress address, string? driver) => Write(address, "driver_override", driver ?? string.Empty);

    /// <summary>Takes a function from its driver; returns when the driver has let go. Does nothing when none is bound.</summary>
    /// <param name="address">The function.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void Unbind(PciAddress address)
    {
        if (DriverOf(address) is { } driver)
        {
            _writer.Write(Path.Combine(_bus, "drivers", driver, "unbind"), address.ToString());
        }
    }

    /// <summary>Gives a function to a driver.</summary>
    /// <param name="address">The function.</param>
    /// <param name="driver">The driver's name.</param>
    /// <exception cref="IOException">There is no such driver, or it does not want the function.</exception>
    public void Bind(PciAddress address, string driver) => _writer.Write(Path.Combine(_bus, "drivers", driver, "bind"), address.ToString());

    /// <summary>Offers a function to the drivers that are loaded.</summary>
    /// <param name="address">The function.</param>
    /// <exception cref="IOException">The kernel refused, or the driver that wanted it failed.</exception>
    public void Probe(PciAddress address) => _writer.Write(Path.Combine(_bus, "drivers_probe"), address.ToString());

    /// <summary>Enables or disables a driverless function; counted by the kernel. Enabling also routes its line interrupt.</summary>
    /// <param name="address">The function.</param>
    /// <param name="on">Which.</param>
    /// <exception cref="IOException">A driver is bound (EBUSY), or it was not enabled (EIO).</exception>
    public void Enable(PciAddress address, bool on) => Write(address, "enable", on ? "1" : "0");

    /// <summary>Writes an attribute of a function.</summary>
    /// <param name="address">The function.</param>
    /// <param name="attribute">Its file's name: <c>power/control</c>, <c>d3cold_allowed</c>, <c>reset_method</c>, <c>reset</c>.</param>
    /// <param name="text">What to write.</param>
    /// <exception cref="IOException">It does not exist, or the kernel refused.</exception>
    public void Write(PciAddress address, string attribute, string text) => _writer.Write(Path.Combine(DirectoryOf(address), attribute), text);

    private string DirectoryOf(PciAddress address) => Path.Combine(DevicesRoot, address.ToString());

    private string RealPath(PciAddress address)
    {
        string path = DirectoryOf(address);
        try
        {
            return new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    /// <summary>The root bus a function hangs below, as sysfs names it: <c>pci0000:00</c>.</summary>
    /// <param name="address">The function.</param>
    /// <returns>The name; empty when sysfs does not tell.</returns>
    public string RootBusOf(PciAddress address) =>
        Array.Find(
            RealPath(address).Split('/'),
            static part => part.StartsWith("pci", StringComparison.Ordinal) && part.Contains(':', StringComparison.Ordinal))
        ?? string.Empty;
}
