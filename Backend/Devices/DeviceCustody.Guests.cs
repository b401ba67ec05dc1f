using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices;

// Devices on their way to guests and back.
public sealed partial class DeviceCustody
{
    /// <inheritdoc/>
    public void MakeReady(PciAddress address)
    {
        Entry entry = FindEntry(address) ?? throw NotHeld(address);
        lock (entry.Gate)
        {
            HeldRecord record = entry.Record ?? throw NotHeld(address);
            if (entry.Owner is { } owner)
            {
                throw new BackendException(BackendFailure.Failed, $"{address} is in use by domain {owner}");
            }

            // Of a device that it does not know Xen says the same as of a guest's.
            if (AbsenceOf(record) is null && Asked(() => _quarantine.IsGuests(address), address))
            {
                throw new BackendException(BackendFailure.Failed, $"{address} belongs to another guest, says Xen");
            }

            string? why = ObstacleOf(record) ?? Revive(record) ?? CleanAndQuarantine(entry, record);
            entry.Unusable = why;
            Show(entry, record);
            if (why is not null)
            {
                throw new BackendException(BackendFailure.Failed, $"{address} cannot be made ready: {why}");
            }
        }
    }

    /// <inheritdoc/>
    public void Reset(PciAddress address)
    {
        Entry entry = FindEntry(address) ?? throw NotHeld(address);
        lock (entry.Gate)
        {
            HeldRecord record = entry.Record ?? throw NotHeld(address);
            if (entry.Owner is not null)
            {
                return;
            }

            // Whenever it was reset last: a guest that never claimed it here has it since.
            if (Asked(() => _quarantine.IsGuests(address), address))
            {
                Silence(entry, record);
            }
            else
            {
                MakeReady(address);
            }
        }
    }

    /// <inheritdoc/>
    public void Quiet(PciAddress address)
    {
        if (FindEntry(address) is not { } entry)
        {
            return;
        }

        lock (entry.Gate)
        {
            if (entry.Record is not { } record || entry.Owner is not null || entry.IsQuiet)
            {
                return;
            }

            Silence(entry, record);
        }
    }

    /// <inheritdoc/>
    public event Action<PciAddress>? Released;

    /// <inheritdoc/>
    public FunctionClaim Claim(int domainId, PciAddress address)
    {
        if (FindEntry(address) is not { } entry)
        {
            return FunctionClaim.Refused(NotHeld(address).Message);
        }

        lock (entry.Gate)
        {
            if (entry.Record is not { } record)
            {
                return FunctionClaim.Refused(NotHeld(address).Message);
            }

            if (entry.Owner is { } owner)
            {
                return owner == domainId && entry.Function is { } same
                    ? FunctionClaim.Granted(same)
                    : FunctionClaim.Refused($"{address} is in use by domain {owner}");
            }

            if ((entry.Unusable ?? ObstacleOf(record)) is { } why)
            {
                return FunctionClaim.Refused($"{address}: {why}");
            }

            HeldFunction function;
            try
            {
                function = Open(entry, record);
            }
            catch (IOException failure)
            {
                return FunctionClaim.Refused(failure.Message);
            }

            if (SharesPageWithAnother(domainId, function) is { } other)
            {
                function.Dispose();
                return FunctionClaim.Refused($"{address} shares a 4 KiB page of memory with {other.Address}, which domain {other.Owner} has");
            }

            (entry.Function, entry.Owner, entry.IsClean, entry.IsQuiet) = (function, domainId, false, false);
            Show(entry, record);
            return FunctionClaim.Granted(function);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The device is reset, restored and put back into quarantine. When that fails nobody else gets it until <see cref="MakeReady"/> succeeds; the guest's queue goes on.
    /// </remarks>
    public void Release(int domainId, PciAddress address)
    {
        if (FindEntry(address) is { } entry && TryRelease(entry, domainId, address))
        {
            Released?.Invoke(address);
        }
    }

    private bool TryRelease(Entry entry, int domainId, PciAddress address)
    {
        lock (entry.Gate)
        {
            if (entry.Owner != domainId || entry.Record is not { } record)
            {
                return false;
            }

            string? why;
            bool isExposed = IsExposed(address);
            try
            {
                // What its guest can still reach is reset again before anybody else gets it; once more now would be in vain.
                why = entry.Function is { IsTouched: false } function && (!function.WasExposed || isExposed)
                    ? Requarantine(address)
                    : CleanAndQuarantine(entry, record);
                entry.IsClean = why is null && !isExposed && entry.Function is { IsTouched: false, WasExposed: false };
                entry.IsQuiet = why is null;
            }
            finally
            {
                entry.Function?.Dispose();
                (entry.Function, entry.Owner) = (null, null);
            }

            entry.Unusable = why;
            Show(entry, record);
            if (why is not null)
            {
                CustodyLog.Unusable(_options.Logger, address, why);
            }

            return true;
        }
    }

    private static BackendException NotHeld(PciAddress address) =>
        new(BackendFailure.Failed, $"{address} is not held for guests. Take it with pci-assignable-add first.");

    private HeldFunction Open(Entry entry, HeldRecord record) => new(
        _options.Bus, _options.Bus.Open(record.Address), record.Clean!, record.Line, _options.Physdev,
        _options.ResetMethods?.GetValueOrDefault(record.Address), isTouched: !entry.IsClean, () => IsExposed(record.Address));

    /// <summary>Whether a guest can reach it, as far as Xen knows; yes when Xen does not tell.</summary>
    private bool IsExposed(PciAddress address)
    {
        try
        {
            return _quarantine.IsGuests(address);
        }
        catch (HypervisorException)
        {
            return true;
        }
    }

    /// <summary>Why a held device can't be given to anybody as it is now; null when it can. Nothing is changed but a lost override.</summary>
    private string? ObstacleOf(HeldRecord record)
    {
        SysfsBus bus = _options.Bus;
        PciAddress address = record.Address;
        if (AbsenceOf(record) is { } absent)
        {
            return absent;
        }

        try
        {
            if (bus.OverrideOf(address) != HostPicture.SetAside)
            {
                bus.SetOverride(address, HostPicture.SetAside);
            }
        }
        catch (IOException failure)
        {
            return $"the host's drivers can't be kept away: {failure.Message}";
        }

        if (bus.PhysicalFunctionOf(address) is null)
        {
            return null;
        }

        var picture = HostPicture.Take(bus, _options.Proc);
        return picture.Find(address) is { } function ? RefusalTable.Of(RefusalTable.PhysicalFunction).Find(picture, function).FirstOrDefault() : null;
    }

    /// <summary>Why what is at its address is not the device that was taken, or not ours any more; null when it is.</summary>
    private string? AbsenceOf(HeldRecord record)
    {
        SysfsBus bus = _options.Bus;
        PciAddress address = record.Address;
        if (DeviceIdentity.Read(bus, address) is not { } identity)
        {
            return $"it is gone: the host has no function there any more{Elsewhere(record)}";
        }

        if (!Answers(address))
        {
            return "it is gone: it does not answer (all ones)";
        }

        if (identity != record.Identity)
        {
            return $"another card is in its place: {record.Identity} was taken, {identity} is there now{Elsewhere(record)}. Give it back and take it anew if that is meant";
        }

        return bus.DriverOf(address) is { } driver ? $"the host's driver {driver} was bound to it meanwhile" : null;
    }

    private bool Answers(PciAddress address)
    {
        try
        {
            using var function = SysfsFunction.Open(address, writable: false, _options.Bus.DevicesRoot);
            return FunctionReset.Answers(function);
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Addresses move when firmware or other cards change: where the card is now is what a person wants to know.
    private string Elsewhere(HeldRecord record)
    {
        PciAddress[] found = [.. PciDevices.Addresses(_options.Bus.DevicesRoot)
            .Where(address => address != record.Address && !IsHeld(address) && DeviceIdentity.Read(_options.Bus, address)?.IsSameCard(record.Identity) == true)];
        return found.Length == 0 ? string.Empty : $"; a card like the one that was taken is at {string.Join(", ", found)}";
    }

    /// <summary>What the kernel and Xen forget of a card that was unplugged and plugged in again: that it is enabled, its power settings, its MSI-X table.</summary>
    private string? Revive(HeldRecord record)
    {
        try
        {
            _taking.Revive(record);
            if (record.IsMsixPrepared)
            {
                _quarantine.EnsureMsix(record.Address);
            }

            return null;
        }
        catch (Exception e) when (StepFailure.IsExpected(e))
        {
            return e.Message;
        }
    }

    // What a guest has, or may have had, ends its DMA and its interrupts; who owns it stays as it is.
    private void Silence(Entry entry, HeldRecord record)
    {
        // Another card at its address, or a driver of the host, has nothing to do with that guest.
        string? why = AbsenceOf(record);
        if (why is null)
        {
            CustodyLog.MadeQuiet(_options.Logger, record.Address);
            why = Clean(entry, record);
        }

        if (why is not null)
        {
            throw new BackendException(BackendFailure.Failed, $"{record.Address} is not quiet: {why}");
        }
    }

    /// <summary>Resets, restores and quarantines.</summary>
    /// <returns>Why it is not usable now; null when it is.</returns>
    private string? CleanAndQuarantine(Entry entry, HeldRecord record) => Clean(entry, record) ?? Requarantine(record.Address);

    /// <summary>Resets and restores. It is clean only if no guest can reach it any more, or yet.</summary>
    /// <returns>Why it is not usable now; null when it is.</returns>
    private string? Clean(Entry entry, HeldRecord record)
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
                CustodyLog.Warning(_options.Logger, record.Address, outcome.Problem);
            }

            (entry.IsClean, entry.IsQuiet) = (outcome.Problem is null && !function.WasExposed, true);
            return null;
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
    }

    // A device that its guest still owns comes here when it leaves the guest; until then it can't.
    private string? Requarantine(PciAddress address)
    {
        try
        {
            if (!_quarantine.IsGuests(address))
            {
                _quarantine.Enter(address);
            }

            return null;
        }
        catch (HypervisorException failure)
        {
            return $"it can't be put in quarantine: {failure.Message}";
        }
    }

    private (PciAddress Address, int? Owner)? SharesPageWithAnother(int domainId, HeldFunction function)
    {
        foreach (Entry entry in Entries())
        {
            // Other devices' gates are not taken here: what they show is enough, and two claims of one page at once see each other's list.
            HeldDevice? shown;
            lock (_lock)
            {
                shown = entry.Shown;
            }

            if (shown?.OwnerDomain is { } owner && owner != domainId && shown.Address != function.Address
                && _options.Bus.TryDescribe(shown.Address, out HostFunction? other) && MemoryPages.SharedBy(function.BaseAddresses, other.BaseAddresses).Any())
            {
                return (shown.Address, owner);
            }
        }

        return null;
    }
}
