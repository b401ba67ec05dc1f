using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Attaching.Toolstack;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend;

/// <summary>This part: what nobody waits for in an access. Attach and detach, and what becomes of devices' errors.</summary>
public sealed partial class BackendHost
{
    // What it does about an error it does through all the others, so that comes last.
    private void Manage()
    {
        _remembered?.Forget();
        if (_options.Devices is { } devices)
        {
            StartToolstack(devices);
        }

        if (_options.Errors is { } source)
        {
            StartErrors(source);
        }
    }

    private void StartToolstack(DeviceService devices)
    {
        _physdev ??= _options.Hypervisor.OpenPhysdev();
        _toolstack = new(new()
        {
            Store = _store!,
            DomainEvents = _domainEvents!,
            Domains = _domains!,
            Physdev = _physdev,
            Custody = devices.Custody,
            Journal = _journal!,
            HasRom = HasRom,
            Logger = _options.Logger,
        });

        // Beside everything else: a guest that was being asked to let go has half a minute for that.
        _ = _toolstack.RecoverAsync();
        _toolstack.Start();
    }

    // What the toolstack wants of one device (permissive) says nothing of its ROM.
    private bool HasRom(PciAddress device)
    {
        try
        {
            return _policies.Resolve(device).Rom.Value != RomControl.Off;
        }
        catch (InvalidOperationException indefinite)
        {
            throw new BackendException(BackendFailure.Failed, $"{device}: {indefinite.Message}", indefinite);
        }
    }

    private void StartErrors(IErrorSource source)
    {
        _errors = new(new()
        {
            Source = source,
            Guests = _registry!.Snapshots,
            Notices = _notices!,
            Inheritance = _inheritance,
            Toolstack = _toolstack,
            Domains = _domains!,
            Quarantine = _quarantine,
            Timing = _options.ErrorTiming,
            Clock = TimeProvider.System,
            Logger = _options.Logger,
        });
        _errors.Start();
    }
}
