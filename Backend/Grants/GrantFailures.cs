using PciBackFlow.Backend.Plans;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Grants;

/// <summary>What a person is told of a grant that was refused, and what to do about it.</summary>
internal static class GrantFailures
{
    /// <summary>The device, the step and the remedy.</summary>
    public static Exception Explain(Granting device, StepFailure failure) => failure.Exception switch
    {
        HypervisorException refused => new BackendException(
            BackendFailure.Failed, $"{device.Device}: {failure.Step} failed: {Remedy(device.Life.DomainId, device.Entry?.Grant.Kind, refused)}", refused),
        IOException failed => new BackendException(BackendFailure.Failed, $"{device.Device}: {failure.Step}: {failed.Message}", failed),
        _ => failure.Exception,
    };

    private static string Remedy(int domainId, GrantKind? kind, HypervisorException failure) => (kind, failure.Errno) switch
    {
        (GrantKind.Assignment, Errno.EOPNOTSUPP) =>
            $"domain {domainId} was created without passthrough; create it again with passthrough=\"enabled\" in its configuration (EOPNOTSUPP)",
        (GrantKind.Assignment, Errno.EBUSY) => $"{failure.Message}; another guest has it: detach it there first",
        (GrantKind.Assignment, Errno.EPERM) => $"{failure.Message}; it shares reserved memory: rdm_policy=relaxed accepts that",
        (GrantKind.Assignment, Errno.ENODEV) => $"{failure.Message}; Xen does not know this device",
        (GrantKind.Assignment, Errno.ENOSYS) => $"{failure.Message}; no IOMMU is in use",
        (_, Errno.ESRCH) => $"domain {domainId} is gone (ESRCH)",
        _ => failure.Message,
    };
}
