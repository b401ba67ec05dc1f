using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Doctor;

/// <summary>A host under examination: where its files are, and whom to ask. Nothing of it is changed.</summary>
public sealed record Examination
{
    /// <summary>The host's bus.</summary>
    public SysfsBus Bus { get; init; } = new();

    /// <summary>Where procfs is mounted.</summary>
    public string Proc { get; init; } = "/proc";

    /// <summary>What the kernel says of Xen; null where it does not matter, because the daemon serves a machine in memory.</summary>
    public XenHost? Xen { get; init; }

    /// <summary>The file of Xen's library; null when it cannot be loaded.</summary>
    public string? Library { get; init; }

    /// <summary>Xen itself; null when it cannot be asked.</summary>
    public IDomainControl? Domains { get; init; }

    /// <summary>Why <see cref="Domains"/> is null, for people.</summary>
    public string? WhyNotAsked { get; init; }

    /// <summary>The daemon's run directory.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>The daemon's state directory.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The daemon's process; null when none answers.</summary>
    public int? DaemonProcess { get; init; }

    /// <summary>Why no daemon answers, for people; null when one does.</summary>
    public string? WhyNoDaemon { get; init; }

    /// <summary>What the daemon's configuration says of refusals.</summary>
    public RefusalPolicy Refusals { get; init; } = RefusalPolicy.Default;

    /// <summary>The user that looks: others' directories are not judged by one who is not root.</summary>
    public uint User { get; init; } = PeerCredentials.OwnUser;

    /// <summary>Devices that a daemon has described already, with what an attach of each would be refused for.</summary>
    public IReadOnlyList<DeviceReport> Described { get; init; } = [];
}
