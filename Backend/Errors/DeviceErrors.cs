using System.Collections.Concurrent;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Errors;

/// <summary>
/// Errors of devices: counted, and those that were not corrected recovered from with the guest that has the device. One recovery at a time for each guest,
/// those of different guests side by side; errors that come meanwhile become one more. Thread-safe; <see cref="Start"/> and <see cref="Dispose"/> once each.
/// </summary>
internal sealed class DeviceErrors : IDisposable
{
    // What goes on then is a reset that cannot be stopped; the next daemon has the note.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly ErrorServices _services;
    private readonly NotedRecoveries _notes;
    private readonly ConcurrentDictionary<PciAddress, ErrorCounts> _counts = new();
    private readonly PassQueue<GuestId> _recoveries;
    private readonly CancellationTokenSource _ending = new();
    private readonly GuestRecovery _recovery;

    /// <summary>Creates it; nobody is listened to yet.</summary>
    /// <param name="services">What it acts through.</param>
    public DeviceErrors(ErrorServices services)
    {
        _services = services;
        _notes = new(services.Inheritance);
        _recovery = new(services, _notes, CountsOf);
        _recoveries = new(RecoverAsync, Failed);
    }

    /// <summary>Brings to an end what an earlier daemon began, and listens from now on.</summary>
    public void Start()
    {
        foreach (LeftRecovery left in _services.Inheritance?.Recoveries() ?? [])
        {
            Resume(left);
        }

        _services.Source.Start(Found);
        foreach (string remark in _services.Source.Remarks)
        {
            ErrorLog.Remark(_services.Logger, remark);
        }
    }

    /// <summary>What became of errors so far, by device.</summary>
    public IReadOnlyList<DeviceErrorReport> Read() =>
        [.. _counts.OrderBy(static one => one.Key).Select(one => one.Value.Read(_services.Quarantine.Holds(one.Key, out _)))];

    /// <summary>
    /// Stops listening: a device is its next server's from then on. Recoveries under way, and what waits for one, are left to the next daemon. The source is
    /// its owner's.
    /// </summary>
    public void Dispose()
    {
        // First: what the source still has is noted then, and no recovery begins.
        _ending.Cancel();
        _services.Source.Stop(Found);
        if (_recoveries.End(EndPatience))
        {
            _ending.Dispose();
        }
    }

    private ErrorCounts CountsOf(PciAddress device) =>
        _counts.GetOrAdd(device, static (device, services) => new(device, services.Timing.LogWindow, services.Clock), _services);

    // On the source's thread, which must live on for the next error.
    private void Found(DeviceError error)
    {
        try
        {
            Take(error);
        }
        catch (Exception e)
        {
            ErrorLog.NotTaken(_services.Logger, error.Device, e);
        }
    }

    private void Take(DeviceError error)
    {
        ErrorCounts counts = CountsOf(error.Device);
        counts.Add(error);
        if (error.Severity == ErrorSeverity.Correctable)
        {
            if (counts.MayLog(ErrorLine.Corrected, out long left))
            {
                ErrorLog.Corrected(_services.Logger, error.Device, new ErrorText(error), left);
            }

            return;
        }

        bool isAnybodys = false;
        foreach (GuestSnapshot guest in _services.Guests())
        {
            PciAddress[] concerned = ConcernedOf(guest, error);
            if (concerned.Length == 0)
            {
                continue;
            }

            isAnybodys = true;
            if (!_notes.Add(guest.Id, error, concerned))
            {
                counts.AddCoalesced();
            }

            _recoveries.Wake(guest.Id);
        }

        // Whoever serves next may be serving it already, or may be asked to.
        if (!isAnybodys && !_ending.IsCancellationRequested)
        {
            _services.Source.Clear(error.Device);
            if (counts.MayLog(ErrorLine.Over, out long suppressed))
            {
                ErrorLog.Nobodys(_services.Logger, error.Device, new ErrorText(error), suppressed);
            }
        }
    }

    // A lost transaction is its guest's alone; where the link was lost, or nobody knows whose transaction it was, it is everybody's below the port.
    private static PciAddress[] ConcernedOf(GuestSnapshot guest, DeviceError error)
    {
        if (error is { Severity: ErrorSeverity.NonFatal, IsOfThePort: false } && guest.Functions.All(function => function.Host != error.Device))
        {
            return [];
        }

        return [.. guest.Functions.Select(static function => function.Host).Where(host => host == error.Device || error.SameLink.Contains(host))];
    }

    private void Resume(LeftRecovery left)
    {
        GuestId guest = new(left.DomainId, left.DeviceId);
        if (!Enum.TryParse(left.Phase, out RecoveryPhase phase) || !Enum.IsDefined(phase) || !Enum.IsDefined((ChannelState)left.Channel))
        {
            // That there was an error is known, and the worst that it can be.
            ErrorLog.UnknownStep(_services.Logger, left.DomainId, left.Devices, left.Phase, left.Channel);
            phase = RecoveryPhase.Detecting;
            left = left with { Channel = (int)(left.Channel == (int)ChannelState.Normal ? ChannelState.Normal : ChannelState.Frozen) };
        }

        PendingRecovery pending = new() { Left = new(phase, (ChannelState)left.Channel) };
        ErrorSeverity severity = left.Channel == (int)ChannelState.Normal ? ErrorSeverity.NonFatal : ErrorSeverity.Fatal;
        PciAddress[] devices = [.. Addresses(left.Devices)];
        foreach (PciAddress reporting in Addresses(left.Reporting))
        {
            pending.Add(new(reporting, severity) { SameLink = devices }, devices);
        }

        _notes.Resume(guest, pending);
        ErrorLog.Resumed(_services.Logger, left.DomainId, left.Devices);
        _recoveries.Wake(guest);
    }

    private static IEnumerable<PciAddress> Addresses(IReadOnlyList<string> texts)
    {
        foreach (string text in texts)
        {
            if (PciAddress.TryParse(text, out PciAddress address))
            {
                yield return address;
            }
        }
    }

    private async Task RecoverAsync(GuestId guest)
    {
        if (!_ending.IsCancellationRequested && _notes.TryBegin(guest, out PendingRecovery? pending))
        {
            await _recovery.RunAsync(guest, pending, _ending.Token).ConfigureAwait(true);
        }
    }

    private bool Failed(GuestId guest, Exception failure)
    {
        // The daemon ends: the next one finds the note. Whatever else it is, it is a defect of ours, and must not take the guest's next error away.
        if (!_ending.IsCancellationRequested)
        {
            ErrorLog.Defect(_services.Logger, guest.DomainId, failure);
        }

        return false;
    }
}
