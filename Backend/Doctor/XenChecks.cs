using System.Globalization;
using PciBackFlow.Hardware.Hypervisor.Xen;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;

namespace PciBackFlow.Backend.Doctor;

/// <summary>Whether this is a control domain that guests can be served from.</summary>
internal static class XenChecks
{
    // XEN_DOMCTL_get_domain_state with its unique_id, a stable call (xen/include/public/domctl.h).
    private static readonly Version FirstWithUniqueId = new(4, 21);

    private static readonly Dictionary<string, string> Evidence = new(StringComparer.Ordinal)
    {
        ["no-xen"] = "/sys/hypervisor/type: not xen",
        ["not-control-domain"] = "/proc/xen/capabilities: no control_d",
        ["pvh-control-domain"] = "/sys/hypervisor/guest_type: not PV",
        ["missing-device"] = "/dev/xen",
        ["kernel-backend"] = "/sys/bus/xen-backend/drivers/pciback, /sys/bus/pci/drivers/pciback",
    };

    public static IEnumerable<Finding> Domain(Examination host)
    {
        if (host.Xen is not { } xen)
        {
            return [];
        }

        return xen.Problems.Count == 0
            ? [
                new(
                    "control-domain", FindingSeverity.Ok, null, "this is a PV control domain, and no other backend serves its guests",
                    "/sys/hypervisor/guest_type: PV"),
            ]
            : xen.Problems.Select(static problem => new Finding(
                problem.Name, FindingSeverity.Refusal, null, problem.Message, Evidence.GetValueOrDefault(problem.Name, problem.Name), problem.Remedy));
    }

    public static IEnumerable<Finding> Library(Examination host) => IsControlDomain(host)
        ? host.Library is { } file
            ? [new("xen-library", FindingSeverity.Ok, null, $"Xen's library is {file}", $"{XenLibrary.Name}: {file}")]
            : [
                new(
                    "xen-library", FindingSeverity.Refusal, null, $"{XenLibrary.Name} cannot be loaded", $"dlopen of {XenLibrary.Name}",
                    "Install the package libxencall1 (Debian, Ubuntu) or xen-libs (Fedora)"),
            ]
        : [];

    public static IEnumerable<Finding> Release(Examination host)
    {
        if (!IsControlDomain(host) || host.Xen!.Version is not { } text)
        {
            yield break;
        }

        string evidence = $"/sys/hypervisor/version: {text}";
        string[] parts = text.Split('.');
        if (parts.Length < 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            || !int.TryParse(new string([.. parts[1].TakeWhile(char.IsAsciiDigit)]), NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
        {
            yield return Finding.Unseen("xen-version", $"Xen's version is not understood: {text}", evidence, null);
            yield break;
        }

        IReadOnlyList<XenInterface> known = XenInterface.Supported;
        yield return known.Any(release => release.Major == major && release.Minor == minor)
            ? new("xen-version", FindingSeverity.Ok, null, $"Xen {major}.{minor} is known", evidence)
            : new(
                "xen-version", FindingSeverity.Refusal, null, $"the domain-control interface of Xen {major}.{minor} is not known here", evidence,
                $"Use a Xen from {known[0]} to {known[^1]}, or a later release of this program");
        yield return new Version(major, minor) >= FirstWithUniqueId
            ? new("unique-id", FindingSeverity.Ok, null, $"Xen {major}.{minor} numbers each life of a domain (unique_id)", evidence)
            : new(
                "unique-id", FindingSeverity.Information, null,
                $"Xen {major}.{minor} does not number the lives of domains (unique_id, since {FirstWithUniqueId}): a domain id that comes back is told from "
                + "the earlier one by its UUID alone", evidence);
    }

    public static IEnumerable<Finding> Access(Examination host) => host.WhyNotAsked is { } why && IsControlDomain(host)
        ? [
            Finding.Unseen(
                "xen-not-asked", $"Xen cannot be asked: {why}; whether there is an IOMMU, and whose a device is, is not known", "/dev/xen/privcmd",
                "Run it as root"),
        ]
        : [];

    private static bool IsControlDomain(Examination host) => host.Xen is { Kind: XenHostKind.ControlPv or XenHostKind.ControlPvh };
}
