using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Selection;

/// <summary>What a device can be named by so that a renumbering does not matter: for people to copy.</summary>
public static class StableSelectors
{
    /// <summary>The selectors that fit one function of a host and no other.</summary>
    /// <param name="address">The function.</param>
    /// <param name="host">All functions of the host.</param>
    /// <returns>By its path; and by its ids, with the serial number when it has one. What fits another one too is left out.</returns>
    public static IReadOnlyList<string> Of(PciAddress address, IReadOnlyList<DeviceCandidate> host)
    {
        if (host.FirstOrDefault(candidate => candidate.Address == address) is not { Path.Length: > 0 } function)
        {
            return [];
        }

        DeviceSelector[] selectors = [new PathSelector(function.Path), new IdSelector(function.VendorId, function.DeviceId, null, function.ReadSerial())];
        return [.. selectors.Where(selector => host.Count(selector.Matches) == 1).Select(static selector => selector.ToString())];
    }
}
