using System.Globalization;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen;

/// <summary>
/// What the kernel says of Xen in <c>/sys/hypervisor</c> (Documentation/ABI/stable/sysfs-hypervisor-xen) and of what a backend needs: device nodes, and
/// no other backend for the same protocol. Reads files only.
/// </summary>
/// <param name="Kind">What this kernel is to Xen.</param>
/// <param name="Version">Xen's version, e.g. <c>4.17.7</c>; null when the kernel doesn't say.</param>
/// <param name="Problems">Why guests can't be served here; empty: they can.</param>
public sealed record XenHost(XenHostKind Kind, string? Version, IReadOnlyList<XenHostProblem> Problems)
{
    // XENFEAT_dom0 (xen/include/public/features.h), in the bit string that /sys/hypervisor/properties/features prints.
    private const int ControlDomainFeature = 11;

    // What each node is for, and the module that makes it (drivers/xen in Linux).
    private static readonly (string Path, string Module)[] Devices =
    [
        ("dev/xen/evtchn", "xen-evtchn"),
        ("dev/xen/gntdev", "xen-gntdev"),
        ("dev/xen/privcmd", "xen-privcmd"),
    ];

    // What a connection to the store tries (XenStoreConnection.Open).
    private static readonly string[] Store = ["dev/xen/xenbus", "var/run/xenstored/socket", "run/xenstored/socket"];

    // Where the kernel's own backend shows: its half towards the guests, its half towards the devices.
    private static readonly string[] KernelBackend = ["sys/bus/xen-backend/drivers/pciback", "sys/bus/pci/drivers/pciback"];

    /// <summary>Looks at this machine.</summary>
    /// <param name="root">Where its files are.</param>
    /// <returns>What was found.</returns>
    public static XenHost Detect(string root = "/")
    {
        XenHostKind kind = KindOf(root);
        List<XenHostProblem> problems = [];
        switch (kind)
        {
            case XenHostKind.None:
                problems.Add(new("no-xen", "this kernel does not run on Xen", "boot the host through Xen"));
                break;
            case XenHostKind.Guest:
                problems.Add(new("not-control-domain", "this is a guest of Xen", "run it in the control domain (dom0)"));
                break;
            case XenHostKind.ControlPvh:
                problems.Add(new(
                    "pvh-control-domain",
                    "this control domain is PVH: Xen emulates its functions' configuration and interrupts, "
                    + "which is another way to pass them on than the one used here",
                    "boot a PV control domain (Xen's argument dom0=pv)"));
                break;
            default:
                AddMissingDevices(root, problems);
                AddKernelBackend(root, problems);
                break;
        }

        return new XenHost(kind, VersionOf(root), problems);
    }

    /// <summary>Refuses a host where guests can't be served, with every reason and remedy.</summary>
    /// <exception cref="HypervisorException">ENODEV.</exception>
    public void ThrowIfUnusable()
    {
        if (Problems.Count != 0)
        {
            throw new HypervisorException(Errno.ENODEV, string.Join("; ", Problems));
        }
    }

    private static XenHostKind KindOf(string root)
    {
        if (ReadLine(root, "sys/hypervisor/type") != "xen")
        {
            return XenHostKind.None;
        }

        if (!IsControlDomain(root))
        {
            return XenHostKind.Guest;
        }

        // PV, HVM, PVH or Xen (drivers/xen/sys-hypervisor.c). Kernels before 4.13 don't say, and had no other control domain than a PV one.
        return ReadLine(root, "sys/hypervisor/guest_type") is null or "PV" ? XenHostKind.ControlPv : XenHostKind.ControlPvh;
    }

    private static bool IsControlDomain(string root)
    {
        if (ReadLine(root, "proc/xen/capabilities") is { } capabilities)
        {
            return capabilities.Contains("control_d", StringComparison.Ordinal);
        }

        // xenfs is not mounted everywhere.
        string? text = ReadLine(root, "sys/hypervisor/properties/features");
        return ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong features)
            && (features >> ControlDomainFeature & 1) != 0;
    }

    private static void AddMissingDevices(string root, List<XenHostProblem> problems)
    {
        foreach ((string path, string module) in Devices)
        {
            if (!File.Exists(Path.Combine(root, path)))
            {
                problems.Add(new("missing-device", $"there is no /{path}", $"load its module: modprobe {module}"));
            }
        }

        if (!Array.Exists(Store, path => File.Exists(Path.Combine(root, path))))
        {
            problems.Add(new(
                "missing-device",
                "there is neither /dev/xen/xenbus nor /run/xenstored/socket",
                "start xenstored (Debian: systemctl start xen; others: xenstored)"));
        }
    }

    private static void AddKernelBackend(string root, List<XenHostProblem> problems)
    {
        foreach (string path in KernelBackend)
        {
            if (Directory.Exists(Path.Combine(root, path)))
            {
                problems.Add(new(
                    "kernel-backend",
                    $"the kernel's xen-pciback would serve the same guests (/{path})",
                    "unload it: modprobe -r xen-pciback; where it is built into the kernel, boot with initcall_blacklist=pcistub_init,xen_pcibk_init"));
                return;
            }
        }
    }

    private static string? VersionOf(string root)
    {
        string? major = ReadLine(root, "sys/hypervisor/version/major");
        string? minor = ReadLine(root, "sys/hypervisor/version/minor");
        return major is null || minor is null ? null : $"{major}.{minor}{ReadLine(root, "sys/hypervisor/version/extra")}";
    }

    private static string? ReadLine(string root, string path)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, path)).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
