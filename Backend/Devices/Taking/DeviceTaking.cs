using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>
/// Brings devices from the host into custody and back, each way by its plan: <see cref="TakePlan"/>, <see cref="GiveBackPlan"/>, <see
/// cref="AbandonPlan"/>.
/// </summary>
/// <param name="options">What to work with.</param>
/// <param name="records">What is held by whom, on disk.</param>
internal sealed class DeviceTaking(DeviceCustodyOptions options, DeviceRecords records)
{
    private readonly SysfsBus _bus = options.Bus;
    private readonly HostControls _host = new(options, records);

    /// <summary>Takes a device.</summary>
    /// <param name="address">The device.</param>
    /// <param name="name">Its name, or null.</param>
    /// <param name="force">Whether a person insists.</param>
    /// <param name="bootId">This boot.</param>
    /// <returns>The record, which is on disk.</returns>
    /// <exception cref="BackendException">It was refused, or a step failed and all were undone.</exception>
    public HeldRecord Take(PciAddress address, string? name, bool force, string bootId)
    {
        var snapshot = HostSnapshot.Take(_bus, options.Proc, options.Domains);
        Assignability assignability = snapshot.Assess(address, options.Refusals);
        assignability.ThrowIfStopped(address, force);
        HostFunction function = snapshot.Find(address)!;
        DeviceIdentity identity = DeviceIdentity.Read(_bus, address)
            ?? throw new BackendException(BackendFailure.Failed, $"{address}: it was unplugged meanwhile");

        // What an earlier boot knew of the same card still holds; a device that was hidden at boot has no driver to tell.
        HeldRecord? earlier = records.Find(address);
        string? hidden = _bus.OverrideOf(address);

        // The intent names everything that is about to change, so that whoever finds it can change it back.
        HeldRecord record = new(address, identity, bootId)
        {
            Name = name,
            OriginalDriver = function.Driver ?? (earlier?.Identity == identity ? earlier.OriginalDriver : null),
            OriginalOverride = hidden == HostSnapshot.SetAside ? null : hidden,
            WasHidden = hidden == HostSnapshot.SetAside && function.Driver is null,
            Changed = _host.AttributesToChange(address),
            IsEnabled = function.Driver is not null || _bus.Read(address, "enable") is "0",
            IsMsixPrepared = function.Capabilities.TryFind(CapabilityId.MsiX, out _),
        };
        using Transfer device = new(_host, record)
        {
            Earlier = earlier,
            Snapshot = snapshot,
            Driver = function.Driver,
            IsForced = force,
            Warnings = [.. assignability.Reasons, .. assignability.Warnings],
        };
        PlanRun.Carry(TakePlan.Table, device, options.Observer);
        CustodyLog.Taken(options.Logger, address, function.Driver ?? "nobody");
        foreach (string warning in device.Record.Warnings)
        {
            CustodyLog.Warning(options.Logger, address, warning);
        }

        return device.Record;
    }

    /// <summary>Gives a device back; its record is gone afterwards.</summary>
    /// <param name="record">The device.</param>
    /// <param name="rebind">Whether a driver gets it at once.</param>
    /// <param name="force">Whether a person insists, though it is not known to have stopped.</param>
    /// <exception cref="BackendException">A step failed or was refused: it is still held. Or only the driver failed: then it is given back, and the
    /// message says so.</exception>
    public void GiveBack(HeldRecord record, bool rebind, bool force)
    {
        PciAddress address = record.Address;
        using (Transfer device = new(_host, record) { IsForced = force })
        {
            // What is plugged in there now may never have been taken: then its settings are its own. Nor is one that a driver of the host
            // has by now ours any more.
            device.Registers = IsOurs(record) ? OpenOrThrow(address) : null;
            PlanRun.Carry(GiveBackPlan.Table, device, options.Observer);
        }

        CustodyLog.GivenBack(options.Logger, address);
        if (!rebind || !_bus.Exists(address) || _bus.DriverOf(address) is not null)
        {
            return;
        }

        try
        {
            _host.GiveToDriver(record);
        }
        catch (IOException refused)
        {
            throw new BackendException(
                BackendFailure.Failed, $"{address} is given back, but {record.OriginalDriver ?? "no driver"} did not take it: {refused.Message}", refused);
        }
    }

    /// <summary>Sets what the kernel forgets of a card that was unplugged and plugged in again.</summary>
    /// <param name="record">The device.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void Revive(HeldRecord record)
    {
        if (!record.IsEnabled || _bus.Read(record.Address, "enable") is not "0")
        {
            return;
        }

        _host.SetAttributes(record);
        _host.Enable(record);
    }

    /// <summary>Undoes what a program that died in the middle of taking a device may have done, as far as it can be.</summary>
    /// <param name="record">The intent it left.</param>
    /// <returns>What could not be undone.</returns>
    public IReadOnlyList<string> Abandon(HeldRecord record)
    {
        using Transfer device = new(_host, record);
        return [.. PlanRun.Carry(AbandonPlan.Table, device, options.Observer).Select(static left => left.ToString())];
    }

    // One that was plugged in anew is another object to the kernel, but the same card if it says so: nobody but us has had that.
    private bool IsOurs(HeldRecord record) => _bus.DriverOf(record.Address) is null
        && (HostControls.IsSameObject(_bus, record) || DeviceIdentity.Read(_bus, record.Address) == record.Identity);

    private SysfsFunction OpenOrThrow(PciAddress address)
    {
        try
        {
            return _bus.Open(address);
        }
        catch (IOException failure)
        {
            throw new BackendException(BackendFailure.Failed, $"{address}: {failure.Message}", failure);
        }
    }
}
