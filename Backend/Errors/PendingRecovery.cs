using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Errors;

/// <summary>
/// What has happened to one guest's devices and waits for a recovery: errors that come together are recovered from together. Under its owner's lock.
/// </summary>
internal sealed class PendingRecovery
{
    /// <summary>The worst of them.</summary>
    public ErrorSeverity Severity { get; private set; } = ErrorSeverity.NonFatal;

    /// <summary>The functions that reported, with the last error of each.</summary>
    public SortedDictionary<PciAddress, DeviceError> Reporting { get; } = [];

    /// <summary>The functions that are concerned: those of the guest on the same links.</summary>
    public SortedSet<PciAddress> Devices { get; } = [];

    /// <summary>Where an earlier daemon's recovery stood; null for a new one.</summary>
    public RecoveryState? Left { get; init; }

    /// <summary>One error more.</summary>
    /// <param name="error">The error.</param>
    /// <param name="concerned">The guest's functions that it concerns.</param>
    /// <returns>False when it adds nothing.</returns>
    public bool Add(DeviceError error, IEnumerable<PciAddress> concerned)
    {
        bool isNews = Reporting.TryAdd(error.Device, error);
        int before = Devices.Count;
        Devices.UnionWith(concerned);
        if (error.Severity > Severity)
        {
            Severity = error.Severity;
            isNews = true;
        }

        return isNews || Devices.Count > before;
    }
}
