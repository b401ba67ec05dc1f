using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>Held devices while the host sleeps. Each device under its gate.</summary>
internal sealed class HeldSettings(DeviceCustodyOptions options, HeldEntries entries, DeviceObstacles obstacles, Quarantine quarantine) : IDeviceSettings
{
    /// <inheritdoc/>
    public void Suspend()
    {
        foreach (HeldEntry entry in entries.All())
        {
            lock (entry.Gate)
            {
                entry.BeforeSleep = entry.Function is { } function && !NoAnswer.From(function) ? ConfigSnapshot.Take(function) : null;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Resume()
    {
        List<string> problems = [];
        foreach (HeldEntry entry in entries.All())
        {
            lock (entry.Gate)
            {
                if (entry.Record is not { } record)
                {
                    continue;
                }

                string? why = obstacles.ObstacleOf(record);
                try
                {
                    why ??= Resume(entry, record);
                }
                catch (Exception e) when (StepFailure.IsExpected(e))
                {
                    why = e.Message;
                }

                entry.BeforeSleep = null;
                if (why is null)
                {
                    continue;
                }

                entry.Unusable = $"it did not come back when the host woke: {why}";
                problems.Add($"{record.Address}: {entry.Unusable}");
                CustodyLog.Unusable(options.Logger, record.Address, entry.Unusable);
                entries.Show(entry, record);
            }
        }

        return problems;
    }

    private string? Resume(HeldEntry entry, HeldRecord record)
    {
        using SysfsFunction function = options.Bus.Open(record.Address);
        if (NoAnswer.From(function) || !function.TrySetPowerState(0))
        {
            return "it does not answer";
        }

        ConfigSnapshot settings = entry.BeforeSleep ?? record.Clean!;
        if (settings.Restore(function, out _) is { Count: > 0 } lost)
        {
            return $"it did not take back {string.Join(", ", lost)}";
        }

        // A guest's vectors are Xen's to write; without a guest only the table has to be Xen's again.
        if (entry.Owner is not null)
        {
            options.Physdev?.RestoreMessages(record.Address);
        }
        else if (record.IsMsixPrepared)
        {
            quarantine.EnsureMsix(record.Address);
        }

        return null;
    }
}
