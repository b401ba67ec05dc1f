using System.Globalization;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>How a device comes from the host into custody and back. Each way is a row of steps that either all happen or leave nothing behind.</summary>
/// <param name="options">What to work with.</param>
/// <param name="records">What is held by whom, on disk.</param>
/// <param name="ownerOf">Which guest has a held device now.</param>
internal sealed class DeviceTaking(DeviceCustodyOptions options, DeviceRecords records, Func<PciAddress, int?> ownerOf)
{
    private const string PowerControl = "power/control";
    private const string D3ColdAllowed = "d3cold_allowed";

    // A line interrupt is a GSI of 1 to 254: what the protocol's one-byte register can name.
    private const int MaxLine = 254;

    private readonly SysfsBus _bus = options.Bus;
    private readonly Quarantine _quarantine = new(options.Domains, options.Physdev);

    /// <summary>Takes a device.</summary>
    /// <param name="address">The device.</param>
    /// <param name="name">Its name, or null.</param>
    /// <param name="force">Whether a person insists.</param>
    /// <param name="bootId">This boot.</param>
    /// <returns>The record, which is on disk.</returns>
    /// <exception cref="BackendException">It was refused, or a step failed and all were undone.</exception>
    public HeldRecord Take(PciAddress address, string? name, bool force, string bootId)
    {
        var picture = HostPicture.Take(_bus, options.Proc, options.Domains, ownerOf);
        Assignability assignability = picture.Assess(address, options.Refusals);
        if (assignability.StoppedBy(force) is { Count: > 0 } reasons)
        {
            throw Refused(address, reasons);
        }

        HostFunction function = picture.Find(address)!;
        DeviceIdentity identity = DeviceIdentity.Read(_bus, address)
            ?? throw new BackendException(BackendFailure.Failed, $"{address}: it was unplugged meanwhile");
        List<string> warnings = [.. assignability.Reasons, .. assignability.Warnings];

        // What an earlier boot knew of the same card still holds; a device that was hidden at boot has no driver to tell.
        HeldRecord? earlier = records.Find(address);
        string? hidden = _bus.OverrideOf(address);

        // The intent names everything that is about to change, so that whoever finds it can change it back.
        HeldRecord record = new(address, identity, bootId)
        {
            Name = name,
            OriginalDriver = function.Driver ?? (earlier?.Identity == identity ? earlier.OriginalDriver : null),
            OriginalOverride = hidden == HostPicture.SetAside ? null : hidden,
            WasHidden = hidden == HostPicture.SetAside && function.Driver is null,
            Changed = Attributes(address),
            IsEnabled = function.Driver is not null || _bus.Read(address, "enable") is "0",
            IsMsixPrepared = function.Capabilities.TryFind(CapabilityId.MsiX, out _),
        };
        UndoableSteps steps = new(address.ToString(), "taking it");
        SysfsFunction? registers = null;
        try
        {
            steps.Do("remember it", () => records.Put(record), () => records.Restore(address, earlier));
            steps.Do("keep drivers away", () => _bus.SetOverride(address, HostPicture.SetAside), () => LeaveToHost(record));
            steps.Do($"unbind {function.Driver ?? "nothing"}", () => _bus.Unbind(address));
            steps.Do("keep its power on", () => SetAttributes(record), () => RestoreAttributes(record), isPartial: true);
            steps.Do("open it", () => registers = _bus.Open(address), () => registers?.Dispose());
            steps.Do("wake it", () => Wake(registers!));
            steps.Do("read its settings", () => record = record with { Original = ConfigSnapshot.Take(registers!) }, () => RestoreOrThrow(registers!, record.Original!));
            steps.Do("enable it", () => Enable(record), () => Disable(record));
            steps.Do("find its interrupt line", () => record = record with { Line = LineOf(registers!) });
            steps.Do("see who shares its line", () => CheckLine(picture, record, force, warnings));
            steps.Do("prepare its MSI-X table", () => PrepareMsix(record), () => ReleaseMsix(record));
            steps.Do("reset it", () => record = Reset(registers!, record with { Clean = ConfigSnapshot.Take(registers!).Quiet() }, force, warnings));
            steps.Do("put it in quarantine", () => _quarantine.Enter(address), () => _quarantine.Leave(address));
            record = record with { Warnings = [.. warnings.Distinct()] };
            steps.Do("write it down", () => records.Put(record));
        }
        finally
        {
            registers?.Dispose();
        }

        CustodyLog.Taken(options.Logger, address, function.Driver ?? "nobody");
        foreach (string warning in record.Warnings)
        {
            CustodyLog.Warning(options.Logger, address, warning);
        }

        return record;
    }

    /// <summary>Gives a device back; its record is gone afterwards.</summary>
    /// <param name="record">The device.</param>
    /// <param name="rebind">Whether a driver gets it at once.</param>
    /// <exception cref="BackendException">A step failed: it is still held. Or only the driver failed: then it is given back, and the message says so.</exception>
    public void GiveBack(HeldRecord record, bool rebind)
    {
        PciAddress address = record.Address;
        UndoableSteps steps = new(address.ToString(), "giving it back");

        // What is plugged in there now may never have been taken: then its settings are its own. Nor is one that a driver of the host has by now ours any more.
        using SysfsFunction? registers = IsSameOrSilent(record) && _bus.DriverOf(address) is null ? OpenOrThrow(address) : null;

        // In quarantine it reaches nothing; outside, what a guest told it to do would reach the host. Whether one has, nobody knows: xl may have assigned it to a guest
        // that never claimed it here.
        if (registers is not null)
        {
            Clean(registers, record);
        }

        steps.Do("leave quarantine", () => _quarantine.Leave(address), () => _quarantine.Enter(address));
        if (registers is not null)
        {
            steps.Do("release its MSI-X table", () => ReleaseMsix(record), () => PrepareMsix(record));
            steps.Do("disable it", () => Disable(record), () => Enable(record));
            steps.Do("restore its settings", () => RestoreOriginal(registers, record), () => record.Clean?.Restore(registers, out _));
            steps.Do("restore its power settings", () => RestoreAttributes(record), () => SetAttributes(record), isPartial: true);
        }

        if (_bus.OverrideOf(address) == HostPicture.SetAside)
        {
            steps.Do("let drivers have it", () => _bus.SetOverride(address, record.OriginalOverride), () => _bus.SetOverride(address, HostPicture.SetAside));
        }

        steps.Do("forget it", () => records.Remove(address));
        CustodyLog.GivenBack(options.Logger, address);
        if (!rebind || !_bus.Exists(address) || _bus.DriverOf(address) is not null)
        {
            return;
        }

        try
        {
            GiveToDriver(record);
        }
        catch (IOException refused)
        {
            throw new BackendException(BackendFailure.Failed, $"{address} is given back, but {record.OriginalDriver ?? "no driver"} did not take it: {refused.Message}", refused);
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

        SetAttributes(record);
        Enable(record);
    }

    /// <summary>Undoes what a program that died in the middle of taking a device may have done, as far as it can be.</summary>
    /// <param name="record">The intent it left.</param>
    /// <returns>What could not be undone.</returns>
    public IReadOnlyList<string> Abandon(HeldRecord record)
    {
        UndoableSteps steps = new(record.Address.ToString(), "undoing");
        if (_bus.Exists(record.Address))
        {
            // Undone from the end: the order of taking, each step's undoing alone.
            steps.Do("give it to its driver", static () => { }, () => LeaveToHost(record));
            steps.Do("restore its power settings", static () => { }, () => RestoreAttributes(record));
            steps.Do("disable it", static () => { }, () => DisableIfEnabled(record));
            steps.Do("release its MSI-X table", static () => { }, () => ReleaseMsix(record));
            steps.Do("leave quarantine", static () => { }, () => _quarantine.Leave(record.Address));
        }

        IReadOnlyList<string> left = steps.UndoAll();
        records.Remove(record.Address);
        return left;
    }

    private static BackendException Refused(PciAddress address, IReadOnlyList<Refusal> reasons)
    {
        string text = string.Join("; ", reasons.Select(static reason => reason.Text));
        if (reasons.Any(static reason => reason.Weight == RefusalWeight.Impossible))
        {
            return new(BackendFailure.Failed, $"{address} cannot be given to a guest: {text}");
        }

        return reasons.Any(static reason => reason.Weight == RefusalWeight.Forbidden)
            ? new(BackendFailure.Refused, $"{address} is refused: {text}. No guest can be given it.")
            : new(BackendFailure.Refused, $"{address} is refused: {text}. Take it with --force if the host can do without.");
    }

    // A card that was pulled answers nothing, and has no serial number to compare: its files are still the kernel's memory of it.
    private bool IsSameOrSilent(HeldRecord record)
    {
        if (!_bus.Exists(record.Address))
        {
            return false;
        }

        using SysfsFunction registers = OpenOrThrow(record.Address);
        return !FunctionReset.Answers(registers) || DeviceIdentity.Read(_bus, record.Address) == record.Identity;
    }

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

    // A sleeping port takes its link, and what is behind it, down with it; a driverless device counts as idle.
    private List<ChangedAttribute> Attributes(PciAddress address)
    {
        List<ChangedAttribute> changed = [];
        if (_bus.BridgesAbove(address) is [.., var port])
        {
            Add(port, PowerControl);
        }

        Add(address, PowerControl);
        Add(address, D3ColdAllowed);
        return changed;

        void Add(PciAddress function, string attribute)
        {
            // What another held device has changed already was something else before.
            string? before = records.BeforeChange(function, attribute) ?? _bus.Read(function, attribute);
            if (before is not null)
            {
                changed.Add(new(function, attribute, before));
            }
        }
    }

    private void SetAttributes(HeldRecord record)
    {
        foreach (ChangedAttribute changed in record.Changed)
        {
            _bus.Write(changed.Function, changed.Attribute, changed.Attribute == PowerControl ? "on" : "0");
        }
    }

    private void RestoreAttributes(HeldRecord record)
    {
        foreach (ChangedAttribute changed in record.Changed.Reverse())
        {
            if (!records.IsChangedByOthers(record.Address, changed) && _bus.Exists(changed.Function))
            {
                _bus.Write(changed.Function, changed.Attribute, changed.Before);
            }
        }
    }

    private static void Wake(SysfsFunction registers)
    {
        if (!FunctionReset.Answers(registers))
        {
            throw new IOException("it does not answer (all ones)");
        }

        if (!registers.TrySetPowerState(0))
        {
            throw new IOException("it does not go to power state D0");
        }
    }

    private void Enable(HeldRecord record)
    {
        if (record.IsEnabled)
        {
            _bus.Enable(record.Address, on: true);
        }
    }

    private void Disable(HeldRecord record)
    {
        if (record.IsEnabled)
        {
            _bus.Enable(record.Address, on: false);
        }
    }

    private void DisableIfEnabled(HeldRecord record)
    {
        if (_bus.Read(record.Address, "enable") is not (null or "0"))
        {
            Disable(record);
        }
    }

    private int LineOf(SysfsFunction registers)
    {
        // With messages on, the number is the first message's; nobody should have left them on.
        string messages = Path.Combine(_bus.DevicesRoot, registers.Address.ToString(), "msi_irqs");
        if (!registers.TryRead(ConfigRegisters.InterruptPin, 1, out uint pin) || pin is 0 or 0xFF
            || (Directory.Exists(messages) && Directory.EnumerateFileSystemEntries(messages).Any()))
        {
            return 0;
        }

        return int.TryParse(_bus.Read(registers.Address, "irq"), NumberStyles.None, CultureInfo.InvariantCulture, out int line) && line is > 0 and <= MaxLine ? line : 0;
    }

    // Only now is the line known for certain: before it was enabled, the kernel's number may be that of another controller.
    private void CheckLine(HostPicture picture, HeldRecord record, bool force, List<string> warnings)
    {
        RefusalRule rule = RefusalTable.Of(RefusalTable.SharedLine);
        RefusalWeight weight = options.Refusals.WeightOf(rule);
        string[] others = weight == RefusalWeight.None ? []
            : [.. LineUsers.Read(options.Proc).Others(record.Line, record.Address, driver: null, picture.Functions, picture.HolderOf)];
        if (others.Length > 0 && weight == RefusalWeight.Judgement && !force)
        {
            throw new BackendException(BackendFailure.Refused, $"{string.Join("; ", others)}. Take it with --force if its guests use messages only");
        }

        warnings.AddRange(others);
    }

    private void PrepareMsix(HeldRecord record)
    {
        if (record.IsMsixPrepared)
        {
            _quarantine.PrepareMsix(record.Address);
        }
    }

    private void ReleaseMsix(HeldRecord record)
    {
        if (record.IsMsixPrepared)
        {
            _quarantine.ReleaseMsix(record.Address);
        }
    }

    private HeldRecord Reset(SysfsFunction registers, HeldRecord record, bool force, List<string> warnings)
    {
        ResetOutcome outcome = FunctionReset.Run(_bus, registers, PlanFor(record.Address), record.Clean!);
        if (outcome.Unusable is not null)
        {
            throw new IOException(outcome.Unusable);
        }

        if (outcome.Problem is not null)
        {
            if (!force)
            {
                throw new BackendException(BackendFailure.Refused, $"{outcome.Problem}. Take it with --force if guests may find what others left in it");
            }

            warnings.Add(outcome.Problem);
        }

        return record with { IsResetOptional = outcome.Problem is not null };
    }

    private void Clean(SysfsFunction registers, HeldRecord record)
    {
        ResetOutcome outcome = FunctionReset.Run(_bus, registers, PlanFor(record.Address), record.Clean!);
        if ((outcome.Unusable ?? outcome.Problem) is { } why)
        {
            CustodyLog.Warning(options.Logger, record.Address, $"it is given back as it is: {why}");
        }
    }

    private ResetPlan PlanFor(PciAddress address) => ResetPlan.For(_bus, address, options.ResetMethods?.GetValueOrDefault(address));

    private void RestoreOriginal(SysfsFunction registers, HeldRecord record)
    {
        // What it does not take back its driver sets anew: no reason to keep the device.
        if (record.Original is null || !FunctionReset.Answers(registers))
        {
            return;
        }

        if (record.Original.Restore(registers, out _) is { Count: > 0 } lost)
        {
            CustodyLog.Warning(options.Logger, record.Address, $"it did not take back {string.Join(", ", lost)}");
        }
    }

    private static void RestoreOrThrow(SysfsFunction registers, ConfigSnapshot snapshot)
    {
        if (!FunctionReset.Answers(registers))
        {
            throw new IOException("it does not answer (all ones)");
        }

        if (snapshot.Restore(registers, out _) is { Count: > 0 } lost)
        {
            throw new IOException($"it did not take back {string.Join(", ", lost)}");
        }
    }

    private void LeaveToHost(HeldRecord record)
    {
        if (!record.WasHidden)
        {
            GiveToDriver(record);
        }
    }

    private void GiveToDriver(HeldRecord record)
    {
        PciAddress address = record.Address;
        if (_bus.OverrideOf(address) == HostPicture.SetAside)
        {
            _bus.SetOverride(address, record.OriginalOverride);
        }

        if (_bus.DriverOf(address) is not null)
        {
            return;
        }

        if (record.OriginalDriver is { } driver)
        {
            _bus.Bind(address, driver);
        }
        else
        {
            _bus.Probe(address);
        }
    }
}
