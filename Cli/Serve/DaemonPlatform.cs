using PciBackFlow.Backend;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Cli.Serve;

/// <summary>What a daemon serves on: a hypervisor, and whose devices guests can have. Ends after the backend.</summary>
internal abstract class DaemonPlatform : IDisposable
{
    public abstract IHypervisor Hypervisor { get; }

    public abstract IDeviceCustody Custody { get; }

    /// <summary>What is to be said about it at the start, or null.</summary>
    public virtual string? Remark => null;

    /// <summary>The backend serves: what the platform does from now on.</summary>
    public virtual void Started()
    {
    }

    public abstract void Dispose();

    public static DaemonPlatform Create(DaemonSettings settings) => new LoopbackMachine();

    /// <summary>The platform of this machine.</summary>
    public static string Detect() => File.Exists("/proc/xen/capabilities") || Type() == "xen" ? DaemonConfiguration.Xen : DaemonConfiguration.Loopback;

    private static string Type()
    {
        const string Path = "/sys/hypervisor/type";
        try
        {
            return File.Exists(Path) ? File.ReadAllText(Path).Trim() : string.Empty;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}
