using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>
/// The functions of the held devices as guests claim and release them: writable, one guest at a time, cleaned in between.
/// Thread-safe; a release may take seconds (a reset).
/// </summary>
internal sealed class HeldFunctions(DeviceCustodyOptions options, HeldEntries entries, DeviceObstacles obstacles, DeviceCleaning cleaning) : IFunctionSource
{
    /// <inheritdoc cref="IDeviceCustody.Released"/>
    public event Action<PciAddress>? Released;

    /// <inheritdoc/>
    public FunctionClaim Claim(int domainId, PciAddress address) => Claim(domainId, address, isInherited: false);

    /// <inheritdoc/>
    /// <remarks>That it did not answer when the daemon began stands between it and its next guest, who gets it ready; the one that has it goes on.</remarks>
    public FunctionClaim Continue(int domainId, PciAddress address) => Claim(domainId, address, isInherited: true);

    /// <inheritdoc/>
    /// <remarks>
    /// The device is reset, restored and put back into quarantine. When that fails nobody else gets it until
    /// <see cref="IDeviceCustody.MakeReady"/> succeeds; the guest's queue goes on.
    /// </remarks>
    public void Release(int domainId, PciAddress address)
    {
        if (entries.Find(address) is { } entry && TryRelease(entry, domainId, address))
        {
            Released?.Invoke(address);
        }
    }

    private FunctionClaim Claim(int domainId, PciAddress address, bool isInherited)
    {
        if (entries.Find(address) is not { } entry)
        {
            return FunctionClaim.Refused(DeviceFailureKind.NotHeld, DeviceHolding.NotHeld(address).Message);
        }

        lock (entry.Gate)
        {
            if (entry.Record is not { } record)
            {
                return FunctionClaim.Refused(DeviceFailureKind.NotHeld, DeviceHolding.NotHeld(address).Message);
            }

            if (entry.Owner is { } owner)
            {
                return owner == domainId && entry.Function is { } same
                    ? FunctionClaim.Granted(same)
                    : FunctionClaim.Refused(DeviceFailureKind.InUse, $"{address} is in use by domain {owner}");
            }

            if (((isInherited ? null : entry.Unusable) ?? obstacles.ObstacleOf(record)) is { } why)
            {
                return FunctionClaim.Refused(
                    isInherited && !obstacles.Answers(address) ? DeviceFailureKind.Gone : DeviceFailureKind.Unusable, $"{address}: {why}");
            }

            HeldFunction function;
            try
            {
                function = cleaning.Open(entry, record);
            }
            catch (IOException failure)
            {
                return FunctionClaim.Refused(DeviceFailureKind.Unusable, failure.Message);
            }

            if (SharesPageWithAnother(domainId, function) is { } other)
            {
                function.Dispose();
                return FunctionClaim.Refused(
                    DeviceFailureKind.InUse, $"{address} shares a 4 KiB page of memory with {other.Address}, which domain {other.Owner} has");
            }

            (entry.Function, entry.Owner, entry.Unusable, entry.IsClean, entry.IsQuiet) = (function, domainId, null, false, false);
            entries.Show(entry, record);
            return FunctionClaim.Granted(function);
        }
    }

    private bool TryRelease(HeldEntry entry, int domainId, PciAddress address)
    {
        lock (entry.Gate)
        {
            if (entry.Owner != domainId || entry.Record is not { } record)
            {
                return false;
            }

            // Until it is shown to be clean: a defect met on the way hands nothing on.
            string? why = "what its last guest left in it could not be cleaned";
            try
            {
                bool isExposed = cleaning.IsExposed(address);

                // What its guest can still reach is reset again before anybody else gets it; once more now would be in vain.
                bool isUntouched = entry.Function is { IsTouched: false } function && (!function.WasExposed || isExposed);
                why = isUntouched ? cleaning.Requarantine(address) : cleaning.CleanAndQuarantine(entry, record);
                entry.IsClean = why is null && !isExposed && entry.Function is { IsTouched: false, WasExposed: false };
                entry.IsQuiet = why is null && (isUntouched || entry.IsQuiet);
            }
            finally
            {
                entry.Function?.Dispose();
                (entry.Function, entry.Owner, entry.Unusable) = (null, null, why);
                entries.Show(entry, record);
                if (why is not null)
                {
                    CustodyLog.Unusable(options.Logger, address, why);
                }
            }

            return true;
        }
    }

    private (PciAddress Address, int? Owner)? SharesPageWithAnother(int domainId, HeldFunction function)
    {
        // Other devices' gates are not taken here: what they show is enough, and two claims of one page at once see each other's list. Nor are their registers
        // asked: where the kernel placed them stands in a file, and guests wait.
        foreach (HeldDevice shown in entries.Shown())
        {
            if (shown.OwnerDomain is { } owner && owner != domainId && shown.Address != function.Address
                && MemoryPages.SharedBy(function.BaseAddresses, PlacesOf(shown.Address)).Any())
            {
                return (shown.Address, owner);
            }
        }

        return null;
    }

    // Of one that is gone there are none.
    private IReadOnlyList<BaseAddress> PlacesOf(PciAddress address)
    {
        try
        {
            return options.Bus.BaseAddressesOf(address);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
