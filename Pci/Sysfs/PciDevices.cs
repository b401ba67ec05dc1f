using System.Globalization;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Pci.Sysfs;

/// <summary>The functions of this host, as sysfs lists them.</summary>
public static class PciDevices
{
    private static readonly CapabilityList Unread = new([], []);

    /// <summary>The addresses of all functions.</summary>
    /// <param name="root">The directory of all functions.</param>
    /// <returns>Addresses in order; empty on a host without PCI.</returns>
    public static IReadOnlyList<PciAddress> Addresses(string root = SysfsFunction.DefaultRoot)
    {
        var found = new List<PciAddress>();
        if (Directory.Exists(root))
        {
            foreach (string entry in Directory.EnumerateFileSystemEntries(root))
            {
                if (PciAddress.TryParse(Path.GetFileName(entry), out PciAddress address))
                {
                    found.Add(address);
                }
            }
        }

        found.Sort();
        return found;
    }

    /// <summary>Describes all functions; one that vanishes meanwhile is left out.</summary>
    /// <param name="root">The directory of all functions.</param>
    /// <returns>The functions in the order of their addresses.</returns>
    public static IReadOnlyList<HostFunction> List(string root = SysfsFunction.DefaultRoot)
    {
        var found = new List<HostFunction>();
        foreach (PciAddress address in Addresses(root))
        {
            if (TryDescribe(address, out HostFunction? function, root))
            {
                found.Add(function);
            }
        }

        return found;
    }

    /// <summary>Describes one function without changing anything.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="function">What the host says; null when it has no such function.</param>
    /// <param name="root">The directory of all functions.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryDescribe(
        PciAddress address, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HostFunction? function, string root = SysfsFunction.DefaultRoot)
    {
        string directory = Path.Combine(root, address.ToString());
        function = null;
        if (!Directory.Exists(directory))
        {
            return false;
        }

        int size = 0;
        int readable = 0;
        HeaderKind header = HeaderKind.Device;
        CapabilityList capabilities = Unread;
        try
        {
            using var config = SysfsFunction.Open(address, false, root);
            size = config.Size;
            readable = config.ReadableSize;
            header = ConfigHeader.KindOf(config);
            capabilities = CapabilityWalk.Read(config);
        }
        catch (IOException)
        {
            // Without its registers, what the other files say still stands; ReadableSize 0 tells.
        }

        function = new HostFunction(
            address, Word("vendor"), Word("device"), Word("subsystem_vendor"), Word("subsystem_device"),
            SysfsAttributes.Hex(directory, "class") ?? 0, (byte)(SysfsAttributes.Hex(directory, "revision") ?? 0),
            SysfsAttributes.Link(directory, "driver"),
            (SysfsAttributes.Text(directory, "reset_method") ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries),
            File.Exists(Path.Combine(directory, "reset")),
            SysfsAttributes.Decimal(directory, "irq") ?? 0, SysfsAttributes.Resources(directory),
            PciAddress.TryParse(SysfsAttributes.Link(directory, "physfn"), out PciAddress physical) ? physical : null,
            int.TryParse(SysfsAttributes.Link(directory, "iommu_group"), NumberStyles.None, CultureInfo.InvariantCulture, out int group) ? group : null,
            size, readable, header, capabilities);
        return true;

        ushort Word(string file) => (ushort)(SysfsAttributes.Hex(directory, file) ?? 0);
    }
}
