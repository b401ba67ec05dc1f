using System.Diagnostics.CodeAnalysis;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Errors;

/// <summary>
/// What waits for a recovery and what is under way, by guest, and for the next daemon a note of it: from when an error is heard of, so that there is no moment
/// at which a daemon that is killed takes it along. A guest has one note; what waits behind a recovery becomes one with it there, which begins anew.
/// Thread-safe.
/// </summary>
/// <param name="inheritance">What the next daemon finds; null where nobody follows this one.</param>
internal sealed class NotedRecoveries(GuestInheritance? inheritance)
{
    // Held while a note is written: the last one says how it is.
    private readonly Lock _lock = new();
    private readonly Dictionary<GuestId, PendingRecovery> _waiting = [];
    private readonly Dictionary<GuestId, (PendingRecovery What, RecoveryState State)> _underWay = [];

    /// <summary>An error waits.</summary>
    /// <param name="guest">Whose.</param>
    /// <param name="error">The error.</param>
    /// <param name="concerned">The guest's functions that it concerns.</param>
    /// <returns>False when it adds nothing to what waits already.</returns>
    public bool Add(GuestId guest, DeviceError error, IEnumerable<PciAddress> concerned)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(guest, out PendingRecovery? waiting))
            {
                _waiting.Add(guest, waiting = new());
            }

            bool isNews = waiting.Add(error, concerned);
            if (isNews)
            {
                Note(guest);
            }

            return isNews;
        }
    }

    /// <summary>What an earlier daemon has noted waits.</summary>
    public void Resume(GuestId guest, PendingRecovery left)
    {
        lock (_lock)
        {
            _waiting[guest] = left;
        }
    }

    /// <summary>What waits is under way from now on.</summary>
    /// <returns>False when nothing waits.</returns>
    public bool TryBegin(GuestId guest, [NotNullWhen(true)] out PendingRecovery? begun)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(guest, out begun))
            {
                return false;
            }

            _underWay[guest] = (begun, FirstOf(begun));
            return true;
        }
    }

    /// <summary>A step is about to be taken.</summary>
    public void Step(GuestId guest, RecoveryState state)
    {
        lock (_lock)
        {
            _underWay[guest] = (_underWay[guest].What, state);
            Note(guest);
        }
    }

    /// <summary>A recovery has come to its end.</summary>
    public void End(GuestId guest)
    {
        lock (_lock)
        {
            _underWay.Remove(guest);
            Note(guest);
        }
    }

    private static RecoveryState FirstOf(PendingRecovery waiting) => waiting.Left ?? RecoveryTable.Begin(waiting.Severity).State;

    private void Note(GuestId guest)
    {
        bool isUnderWay = _underWay.TryGetValue(guest, out (PendingRecovery What, RecoveryState State) now);
        if (!_waiting.TryGetValue(guest, out PendingRecovery? waiting))
        {
            if (isUnderWay)
            {
                Leave(guest, now.State, now.What.Devices, now.What.Reporting.Keys);
            }
            else
            {
                inheritance?.ForgetRecovery(guest);
            }
        }
        else if (isUnderWay)
        {
            ErrorSeverity worst = now.What.Severity > waiting.Severity ? now.What.Severity : waiting.Severity;
            Leave(guest, RecoveryTable.Begin(worst).State, now.What.Devices.Union(waiting.Devices), now.What.Reporting.Keys.Union(waiting.Reporting.Keys));
        }
        else
        {
            Leave(guest, FirstOf(waiting), waiting.Devices, waiting.Reporting.Keys);
        }
    }

    private void Leave(GuestId guest, RecoveryState state, IEnumerable<PciAddress> devices, IEnumerable<PciAddress> reporting) =>
        inheritance?.LeaveRecovery(guest, state.Phase.ToString(), (int)state.Channel, [.. devices], [.. reporting]);
}
