using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>What the custody of devices works with.</summary>
public sealed record DeviceCustodyOptions
{
    /// <summary>Where the state file lies (serve's <c>--state</c>).</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The host's bus.</summary>
    public SysfsBus Bus { get; init; } = new();

    /// <summary>Where procfs is mounted.</summary>
    public string Proc { get; init; } = "/proc";

    /// <summary>Xen's physical-device calls; nothing is said about MSI-X tables when null. Not disposed by the custody.</summary>
    public IPhysdev? Physdev { get; init; }

    /// <summary>Xen's domain control; no quarantine when null. Not disposed by the custody.</summary>
    public IDomainControl? Domains { get; init; }

    /// <summary>What speaks how strongly against taking a device.</summary>
    public RefusalPolicy Refusals { get; init; } = RefusalPolicy.Default;

    /// <summary>
    /// The reset methods an administrator wants for a device, in order; null or an absent device: the
    /// kernel's. An empty list forbids resets.
    /// </summary>
    public IReadOnlyDictionary<PciAddress, IReadOnlyList<string>>? ResetMethods { get; init; }

    /// <summary>Where its lines go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Who follows the plans by which devices are taken and given back; null for nobody.</summary>
    internal IPlanObserver? Observer { get; init; }
}
