using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Attaching.Toolstack;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend;

/// <summary>This part: what nobody waits for in an access. Attach and detach, changed policies, and what becomes of devices' errors.</summary>
public sealed partial class BackendHost
{
    /// <summary>
    /// What the configuration says of guests' policies is another from now on: every function that a guest has, or is just getting, gets what holds for it,
    /// between two of its requests.
    /// </summary>
    /// <param name="policies">What it says; the toolstack's options and pciback's attributes stay.</param>
    /// <param name="patience">How long is waited for.</param>
    /// <returns>The functions whose policy is another now, and those that were too busy so far: they are tried on.</returns>
    public async Task<(IReadOnlyList<PciAddress> Changed, IReadOnlyList<PciAddress> Waiting)> ChangePoliciesAsync(PolicySources policies, TimeSpan patience)
    {
        // Then the guests: what one is just getting may have been compiled under either.
        _policies.Replace(policies);
        IReadOnlyList<PolicyChange> asked = _registry?.ChangePolicies() ?? [];
        await Task.WhenAny(Task.WhenAll(asked.Select(static one => one.Done)), Task.Delay(patience)).ConfigureAwait(false);
        return (
            [.. asked.SelectMany(static one => one.Changed).Distinct().Order()],
            [.. asked.SelectMany(static one => one.Left).Distinct().Order()]);
    }

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
