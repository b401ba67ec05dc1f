using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Selection;

/// <summary>The one function of the host that a selector means: two are as wrong as none, because a guest would get whichever came first.</summary>
public static class DeviceChoice
{
    /// <summary>Finds it.</summary>
    /// <param name="selector">The selector.</param>
    /// <param name="present">The host's functions; not asked for when the selector is an address, which needs none.</param>
    /// <returns>Its address; null when the host has none that fits.</returns>
    /// <exception cref="BackendException">It fits several; all are named, each by what fits it alone.</exception>
    public static PciAddress? Find(DeviceSelector selector, Func<IReadOnlyList<DeviceCandidate>> present)
    {
        if (selector is AddressSelector { Address: var address })
        {
            return address;
        }

        DeviceCandidate[] fitting = [.. present().Where(selector.Matches)];
        return fitting.Length <= 1
            ? fitting.FirstOrDefault()?.Address
            : throw new BackendException(BackendFailure.Malformed, Ambiguous(selector, fitting));
    }

    /// <summary>Finds it where there has to be one.</summary>
    /// <param name="selector">The selector.</param>
    /// <param name="present">The host's functions.</param>
    /// <returns>Its address.</returns>
    /// <exception cref="BackendException">It fits none, or several.</exception>
    public static PciAddress One(DeviceSelector selector, Func<IReadOnlyList<DeviceCandidate>> present) =>
        Find(selector, present) ?? throw new BackendException(BackendFailure.Failed, selector is NameSelector { Name: var name }
            ? $"no device of the name '{name}' is held; pci-assignable-list -n shows the names"
            : $"{selector} fits no device of this host; 'pcibackflow devices' prints what fits each");

    /// <summary>Why a selector that fits several is refused.</summary>
    /// <param name="selector">The selector.</param>
    /// <param name="fitting">What it fits.</param>
    /// <returns>The candidates and the remedy.</returns>
    internal static string Ambiguous(DeviceSelector selector, IReadOnlyCollection<DeviceCandidate> fitting) =>
        $"{selector} fits {fitting.Count} devices: {string.Join(", ", fitting)}; name the one that is meant by its path";
}
