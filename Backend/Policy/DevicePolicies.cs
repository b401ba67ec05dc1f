using PciBackFlow.Backend.Selection;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Policy;

/// <summary>
/// The devices that have a policy of their own. What a selector means is asked anew each time, because a host's devices change; one that fits several, or
/// two that fit one, give no policy at all but a refusal: a guest must not get what was written for another card. Immutable.
/// </summary>
/// <param name="entries">In the order of the configuration.</param>
public sealed class DevicePolicies(IReadOnlyList<(DeviceSelector Device, PolicyStatement Policy)> entries)
{
    /// <summary>No device has one.</summary>
    public static DevicePolicies None { get; } = new([]);

    /// <summary>What is said of a function.</summary>
    /// <param name="function">Its address on the host.</param>
    /// <param name="present">The host's functions; asked for only when a selector is more than an address.</param>
    /// <returns>The statement.</returns>
    /// <exception cref="InvalidOperationException">A selector fits several functions, this one among them; or two selectors fit it.</exception>
    public PolicyStatement For(PciAddress function, Func<IReadOnlyList<DeviceCandidate>> present)
    {
        IReadOnlyList<DeviceCandidate> candidates = entries.Any(static entry => entry.Device is not AddressSelector) ? present() : [];
        (DeviceSelector Device, PolicyStatement Policy)? found = null;
        foreach ((DeviceSelector Device, PolicyStatement Policy) entry in entries)
        {
            if (!Fits(entry.Device, function, candidates))
            {
                continue;
            }

            if (found is { Device: var other })
            {
                throw new InvalidOperationException(
                    $"the configuration's devices has two entries for {function}, {other} and {entry.Device}; keep one of the two");
            }

            found = entry;
        }

        return found?.Policy ?? PolicyStatement.Nothing;
    }

    /// <summary>Refuses selectors that fit several functions of a host; one that fits none may be for a device that comes later.</summary>
    /// <param name="present">The host's functions.</param>
    /// <exception cref="BackendException">One does.</exception>
    public void Check(Func<IReadOnlyList<DeviceCandidate>> present)
    {
        foreach ((DeviceSelector device, _) in entries)
        {
            DeviceChoice.Find(device, present);
        }
    }

    private static bool Fits(DeviceSelector selector, PciAddress function, IReadOnlyList<DeviceCandidate> candidates)
    {
        if (selector is AddressSelector { Address: var address })
        {
            return address == function;
        }

        DeviceCandidate[] fitting = [.. candidates.Where(selector.Matches)];
        if (!Array.Exists(fitting, one => one.Address == function))
        {
            return false;
        }

        return fitting.Length == 1
            ? true
            : throw new InvalidOperationException($"the configuration's devices: {DeviceChoice.Ambiguous(selector, fitting)}");
    }
}
