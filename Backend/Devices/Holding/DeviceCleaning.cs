using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>
/// Cleans held devices between guests: reset, restored, in quarantine. What it does to a device it does under the
/// device's gate, which callers hold.
/// </summary>
internal sealed class DeviceCleaning(DeviceCustodyOptions options, DeviceObstacles obstacles, DeviceTaking taking, Quarantine quarantine)
{
    /// <summary>Opens its registers, writable. The gate is held.</summary>
    /// <exception cref="IOException">The host has no such function, or its files cannot be opened.</exception>
    public HeldFunction Open(HeldEntry entry, HeldRecord record) => new(
        options.Bus, options.Bus.Open(record.Address), record.Clean!, record.Line, options.Physdev,
        options.ResetMethods?.GetValueOrDefault(record.Address), isTouched: !entry.IsClean, () => IsExposed(record.Address));

    /// <summary>Whether a guest can reach it, as far as Xen knows; yes when Xen does not tell.</summary>
    public bool IsExposed(PciAddress address)
    {
        try
        {
            return quarantine.IsGuests(address);
        }
        catch (HypervisorException)
        {
            return true;
        }
    }

    /// <summary>Whether it may write to memory by itself now; yes when it does not tell. The gate is held.</summary>
    public bool IsMaster(HeldRecord record)
    {
        try
        {
            using var registers = SysfsFunction.Open(record.Address, writable: false, options.Bus.DevicesRoot);
            return !registers.TryRead(ConfigRegisters.Command, 2, out uint command) || (command & CommandBits.BusMaster) != 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>
    /// What the kernel and Xen forget of a card that was unplugged and plugged in again: that it is enabled, its
    /// power settings, its MSI-X table.
    /// </summary>
    public string? Revive(HeldRecord record)
    {
        try
        {
            taking.Revive(record);
            if (record.IsMsixPrepared)
            {
                quarantine.EnsureMsix(record.Address);
            }

            return null;
        }
        catch (Exception e) when (StepFailure.IsExpected(e))
        {
            return e.Message;
        }
    }

    /// <summary>What a guest has, or may have had, ends its DMA and its interrupts; who owns it stays as it is. The gate is held.</summary>
    /// <exception cref="BackendException">It is not quiet: it is gone, or its reset failed.</exception>
    public void Silence(HeldEntry entry, HeldRecord record)
    {
        // Another card at its address, or a driver of the host, has nothing to do with that guest. One that only says that it is another has.
        string? why = obstacles.IsOurObject(record) ? null : obstacles.AbsenceOf(record);
        if (why is null)
        {
            CustodyLog.MadeQuiet(options.Logger, record.Address);
            why = Clean(entry, record) ?? (entry.IsQuiet ? null : "its bus mastering cannot be switched off");
        }

        if (why is not null)
        {
            throw new BackendException(BackendFailure.Failed, $"{record.Address} is not quiet: {why}");
        }
    }

    /// <summary>Resets, restores and quarantines. The gate is held.</summary>
    /// <returns>Why it is not usable now; null when it is.</returns>
    public string? CleanAndQuarantine(HeldEntry entry, HeldRecord record) => Clean(entry, record) ?? Requarantine(record.Address);

    /// <summary>Resets and restores. It is clean only if no guest can reach it any more, or yet.</summary>
    /// <returns>Why it is not usable now; null when it is.</returns>
    private string? Clean(HeldEntry entry, HeldRecord record)
    {
        try
        {
            using HeldFunction? opened = entry.Function is null ? Open(entry, record) : null;
            HeldFunction function = entry.Function ?? opened!;
            ResetOutcome outcome = function.Clean();
            if (outcome.Unusable is not null)
            {
                return outcome.Unusable;
            }

            if (outcome.Problem is not null && !record.IsResetOptional)
            {
                return outcome.Problem;
            }

            if (outcome.Problem is not null)
            {
                CustodyLog.Warning(options.Logger, record.Address, outcome.Problem);
            }

            (entry.IsClean, entry.IsQuiet) = (outcome.Problem is null && !function.WasExposed, outcome.NotStopped is null);
            return null;
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
    }

    /// <summary>Puts it in quarantine again. A device that its guest still owns gets there when it leaves the guest; until then it can't.</summary>
    /// <returns>Why it could not be; null when it is, or cannot be yet.</returns>
    public string? Requarantine(PciAddress address)
    {
        try
        {
            if (!quarantine.IsGuests(address))
            {
                quarantine.Enter(address);
            }

            return null;
        }
        catch (HypervisorException failure)
        {
            return $"it can't be put in quarantine: {failure.Message}";
        }
    }
}
