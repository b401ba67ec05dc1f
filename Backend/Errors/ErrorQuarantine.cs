using System.Diagnostics.CodeAnalysis;
using PciBackFlow.Backend.Running;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Errors;

/// <summary>
/// How often a device may be recovered: one that fails again and again is taken away, and given to nobody for a while. Of this daemon's life; a device that is
/// forgotten begins anew. Thread-safe.
/// </summary>
/// <param name="timing">How often, and how long.</param>
/// <param name="clock">Whose time.</param>
internal sealed class ErrorQuarantine(ErrorTiming timing, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PciAddress, FixedWindow> _budgets = [];
    private readonly Dictionary<PciAddress, long> _since = [];

    /// <summary>A recovery of a device is about to begin.</summary>
    /// <returns>False when it has had its share: it is in quarantine from now on.</returns>
    public bool TryBegin(PciAddress device)
    {
        lock (_lock)
        {
            if (!_budgets.TryGetValue(device, out FixedWindow? budget))
            {
                _budgets.Add(device, budget = new(timing.Budget, timing.BudgetWindow, clock));
            }

            if (!HoldsNow(device) && budget.TryTake(out _))
            {
                return true;
            }

            _since[device] = clock.GetTimestamp();
            return false;
        }
    }

    /// <summary>Whether no guest may have a device now.</summary>
    /// <param name="device">The device.</param>
    /// <param name="reason">Why not.</param>
    public bool Holds(PciAddress device, [NotNullWhen(true)] out string? reason)
    {
        lock (_lock)
        {
            reason = HoldsNow(device)
                ? $"{device} is in quarantine: it had more than {timing.Budget} errors within {timing.BudgetWindow.TotalMinutes:0} minutes; "
                    + "a restart of the daemon ends that"
                : null;
            return reason is not null;
        }
    }

    private bool HoldsNow(PciAddress device)
    {
        if (!_since.TryGetValue(device, out long since))
        {
            return false;
        }

        if (clock.GetElapsedTime(since) < timing.Quarantine)
        {
            return true;
        }

        _since.Remove(device);
        _budgets.Remove(device);
        return false;
    }
}
