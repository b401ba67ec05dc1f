using System.Globalization;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>
/// What the plans for taking and giving back do to a device: through the host's kernel, through Xen, and in the records. One caller at a
/// time for a device.
/// </summary>
/// <param name="options">What to work with.</param>
/// <param name="records">What is held by whom, on disk.</param>
internal sealed class HostControls(DeviceCustodyOptions options, DeviceRecords records)
{
    private const string PowerControl = "power/control";
    private const string D3ColdAllowed = "d3cold_allowed";

    // A line interrupt is a GSI of 1 to 254: what the protocol's one-byte register can name.
    private const int MaxLine = 254;

    public SysfsBus Bus { get; } = options.Bus;

    public DeviceRecords Records { get; } = records;

    public Quarantine Quarantine { get; } = new(options.Domains, options.Physdev);

    /// <summary>What a person is told of a step that failed, and of what it left.</summary>
    public static BackendException Explain(PciAddress address, string purpose, StepFailure failure)
    {
        string rest = failure.NotUndone.Count == 0 ? "everything before it was undone" : $"not undone: {string.Join("; ", failure.NotUndone)}";
        BackendFailure kind = (failure.Exception as BackendException)?.Failure ?? BackendFailure.Failed;
        return new(kind, $"{address}: {purpose} failed at '{failure.Step}': {failure.Exception.Message}; {rest}", failure.Exception);
    }

    // A sleeping port takes its link, and what is behind it, down with it; a driverless device counts as idle.
    public List<ChangedAttribute> AttributesToChange(PciAddress address)
    {
        List<ChangedAttribute> changed = [];
        if (Bus.BridgesAbove(address) is [.., var port])
        {
            Add(port, PowerControl);
        }

        Add(address, PowerControl);
        Add(address, D3ColdAllowed);
        return changed;

        void Add(PciAddress function, string attribute)
        {
            // What another held device has changed already was something else before.
            string? before = Records.BeforeChange(function, attribute) ?? Bus.Read(function, attribute);
            if (before is not null)
            {
                changed.Add(new(function, attribute, before));
            }
        }
    }

    public void SetAttributes(HeldRecord record)
    {
        foreach (ChangedAttribute changed in record.Changed)
        {
            Bus.Write(changed.Function, changed.Attribute, changed.Attribute == PowerControl ? "on" : "0");
        }
    }

    public void RestoreAttributes(HeldRecord record)
    {
        foreach (ChangedAttribute changed in record.Changed.Reverse())
        {
            if (!Records.IsChangedByOthers(record.Address, changed) && Bus.Exists(changed.Function))
            {
                Bus.Write(changed.Function, changed.Attribute, changed.Before);
            }
        }
    }

    public static void Wake(SysfsFunction registers)
    {
        if (NoAnswer.From(registers))
        {
            throw new IOException("it does not answer (all ones)");
        }

        if (!registers.TrySetPowerState(0))
        {
            throw new IOException("it does not go to power state D0");
        }
    }

    public void Enable(HeldRecord record)
    {
        if (record.IsEnabled)
        {
            Bus.Enable(record.Address, on: true);
        }
    }

    public void Disable(HeldRecord record)
    {
        if (record.IsEnabled)
        {
            Bus.Enable(record.Address, on: false);
        }
    }

    public void DisableIfEnabled(HeldRecord record)
    {
        if (Bus.Read(record.Address, "enable") is not (null or "0"))
        {
            Disable(record);
        }
    }

    public int LineOf(SysfsFunction registers)
    {
        // With messages on, the number is the first message's; nobody should have left them on.
        string messages = Path.Combine(Bus.DevicesRoot, registers.Address.ToString(), "msi_irqs");
        if (!registers.TryRead(ConfigRegisters.InterruptPin, 1, out uint pin) || pin is 0 or 0xFF
            || (Directory.Exists(messages) && Directory.EnumerateFileSystemEntries(messages).Any()))
        {
            return 0;
        }

        string? irq = Bus.Read(registers.Address, "irq");
        return int.TryParse(irq, NumberStyles.None, CultureInfo.InvariantCulture, out int line) && line is > 0 and <= MaxLine ? line : 0;
    }

    // Only now is the line known for certain: before it was enabled, the kernel's number may be that of another controller.
    public void CheckLine(Transfer device)
    {
        // With no driver: it has let go by now.
        HostFunction function = device.Snapshot!.Find(device.Address)! with { Driver = null };
        string[] others = [.. LineUsers.Read(options.Proc).Others(device.Record.Line, function, device.Snapshot.Functions, Bus)];
        if (SharedLineRule.Weigh(options.Refusals, device.Address, others, device.IsForced) is not null)
        {
            device.Record = device.Record with { IsLineAccepted = device.IsForced };
            device.Warnings.AddRange(others.Select(SharedLineRule.Describe));
        }
    }

    public void PrepareMsix(HeldRecord record)
    {
        if (record.IsMsixPrepared)
        {
            Quarantine.PrepareMsix(record.Address);
        }
    }

    public void ReleaseMsixIfPrepared(HeldRecord record)
    {
        if (record.IsMsixPrepared)
        {
            Quarantine.ReleaseMsixIfPrepared(record.Address);
        }
    }

    public void ReleaseMsix(HeldRecord record)
    {
        if (record.IsMsixPrepared)
        {
            Quarantine.ReleaseMsix(record.Address);
        }
    }

    /// <summary>Resets a device and restores it as every guest gets it.</summary>
    public ResetOutcome Reset(SysfsFunction registers, HeldRecord record) => FunctionReset.Run(Bus, registers, PlanFor(record.Address), record.Clean!);

    /// <summary>
    /// The same on its way to the host. That it has stopped must be seen, and the reset must have succeeded if there is a method: outside quarantine a device
    /// reaches the host's memory, where its last guest told it to.
    /// </summary>
    /// <exception cref="BackendException">It is not known to have stopped, and nobody insists.</exception>
    public void StopForHost(Transfer device)
    {
        ResetOutcome outcome = Reset(device.Registers!, device.Record);
        if ((outcome.NotStopped ?? outcome.Problem) is { } why)
        {
            if (!device.IsForced)
            {
                throw new BackendException(
                    BackendFailure.Refused,
                    $"{why}. It stays in quarantine, where it reaches no memory: outside it could write to the host's. Try again when it answers and can be "
                    + "reset; with --force it leaves quarantine all the same, and the host trusts whoever had it last");
            }

            CustodyLog.Warning(options.Logger, device.Address, $"it is given back as it is, because a person insists: {why}");
        }
        else if (outcome.Unusable is { } lost)
        {
            // What it does not take back its driver sets anew: no reason to keep the device.
            CustodyLog.Warning(options.Logger, device.Address, lost);
        }
    }

    /// <summary>
    /// Whether the kernel's object of a device is the one that was taken, whatever the device says of itself: a guest can have rewritten that. A card that
    /// was unplugged and plugged in again has a new object, which knows neither our override nor that we enabled it.
    /// </summary>
    public static bool IsSameObject(SysfsBus bus, HeldRecord record) => bus.Exists(record.Address)
        && (bus.OverrideOf(record.Address) == HostSnapshot.SetAside
            || (record.IsEnabled && bus.Read(record.Address, "enable") is not (null or "0")));

    public void RestoreOriginal(SysfsFunction registers, HeldRecord record)
    {
        // What it does not take back its driver sets anew: no reason to keep the device.
        if (record.Original is null || NoAnswer.From(registers))
        {
            return;
        }

        if (record.Original.Restore(registers, out _) is { Count: > 0 } lost)
        {
            CustodyLog.Warning(options.Logger, record.Address, $"it did not take back {string.Join(", ", lost)}");
        }
    }

    public static void RestoreOrThrow(SysfsFunction registers, ConfigSnapshot snapshot)
    {
        if (NoAnswer.From(registers))
        {
            throw new IOException("it does not answer (all ones)");
        }

        if (snapshot.Restore(registers, out _) is { Count: > 0 } lost)
        {
            throw new IOException($"it did not take back {string.Join(", ", lost)}");
        }
    }

    public void LeaveToHost(HeldRecord record)
    {
        if (!record.WasHidden)
        {
            GiveToDriver(record);
        }
    }

    public void GiveToDriver(HeldRecord record)
    {
        PciAddress address = record.Address;
        if (Bus.OverrideOf(address) == HostSnapshot.SetAside)
        {
            Bus.SetOverride(address, record.OriginalOverride);
        }

        if (Bus.DriverOf(address) is not null)
        {
            return;
        }

        if (record.OriginalDriver is { } driver)
        {
            Bus.Bind(address, driver);
        }
        else
        {
            Bus.Probe(address);
        }
    }

    private ResetPlan PlanFor(PciAddress address) => ResetPlan.For(Bus, address, options.ResetMethods?.GetValueOrDefault(address));
}
