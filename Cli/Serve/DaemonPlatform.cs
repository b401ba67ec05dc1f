using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen;

namespace PciBackFlow.Cli.Serve;

/// <summary>What a daemon serves on: a hypervisor, and whose devices guests can have. Ends after the backend.</summary>
internal abstract class DaemonPlatform : IDisposable
{
    public abstract IHypervisor Hypervisor { get; }

    public abstract IDeviceCustody Custody { get; }

    /// <summary>What xl, or a person, wrote into pciback's attributes for a device.</summary>
    public PcibackSettings Attributes { get; } = new();

    /// <summary>What is to be said about it at the start.</summary>
    public abstract string Remark { get; }

    /// <summary>The platform that the settings name.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="logger">Where its lines go.</param>
    /// <param name="lost">Told when the platform can no longer serve, with the reason.</param>
    /// <exception cref="VerbException">It can't be served here; says why and what to do.</exception>
    public static DaemonPlatform Create(DaemonSettings settings, ILogger logger, Action<string> lost) =>
        settings.Platform == DaemonConfiguration.Xen ? new XenMachine(settings, logger, lost) : new LoopbackMachine();

    /// <summary>The platform of this machine. A guest of Xen has nobody to serve but itself.</summary>
    public static string Detect() => XenHost.Detect().Kind is XenHostKind.ControlPv or XenHostKind.ControlPvh ? DaemonConfiguration.Xen : DaemonConfiguration.Loopback;

    /// <summary>The backend serves: what the platform does from now on.</summary>
    public abstract void Started();

    public abstract void Dispose();
}
