using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>
/// What a release of Xen calls its control interfaces. They are not stable: a release that is not in the table is refused by name, for Xen's
/// answer to a wrong version (EACCES) names nothing.
/// </summary>
/// <param name="Major">Xen's major version.</param>
/// <param name="Minor">Xen's minor version; interfaces don't change within one.</param>
/// <param name="Domctl">XEN_DOMCTL_INTERFACE_VERSION (xen/include/public/domctl.h).</param>
/// <param name="Sysctl">XEN_SYSCTL_INTERFACE_VERSION (xen/include/public/sysctl.h).</param>
public readonly record struct XenInterface(int Major, int Minor, uint Domctl, uint Sysctl)
{
    // Read from the tags RELEASE-4.17.7, 4.18.6, 4.19.6, 4.20.4, 4.21.2 and 4.22.0. Compared there, too: the structures getdomaininfo (with x86's
    // xen_arch_domainconfig), assign_device, get_device_group, iomem_, ioport_ and irq_permission, physinfo, getdomaininfolist and the commands' numbers
    // are the same text in all six. 4.16 (domctl 0x14) and older are out of support and were not compared.
    private static readonly XenInterface[] Table =
    [
        new(4, 17, 0x15, 0x15),
        new(4, 18, 0x16, 0x15),
        new(4, 19, 0x17, 0x15),
        new(4, 20, 0x17, 0x15),
        new(4, 21, 0x17, 0x16),
        new(4, 22, 0x18, 0x16),
    ];

    /// <summary>The releases whose interfaces were compared with the structures used here.</summary>
    public static IReadOnlyList<XenInterface> Supported => Table;

    /// <summary>Looks a release up.</summary>
    /// <param name="major">Xen's major version.</param>
    /// <param name="minor">Xen's minor version.</param>
    /// <returns>Its interfaces.</returns>
    /// <exception cref="HypervisorException">EACCES: an unknown release.</exception>
    public static XenInterface Of(int major, int minor)
    {
        foreach (XenInterface known in Table)
        {
            if (known.Major == major && known.Minor == minor)
            {
                return known;
            }
        }

        throw new HypervisorException(
            Errno.EACCES,
            $"this is Xen {major}.{minor}, whose domain-control interface is not known here; known are {Table[0]} to {Table[^1]}");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Major}.{Minor}";
}
