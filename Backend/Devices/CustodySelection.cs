using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices;

/// <summary>What a selector means to a custody: it is asked of all functions of the host, held or not, so that it means one device at every door.</summary>
public static class CustodySelection
{
    /// <summary>The function that is meant.</summary>
    /// <param name="custody">The custody.</param>
    /// <param name="selector">The selector.</param>
    /// <returns>Its address.</returns>
    /// <exception cref="BackendException">It fits none, or several.</exception>
    public static PciAddress AddressOf(this IDeviceCustody custody, DeviceSelector selector) => DeviceChoice.One(selector, custody.Present);

    /// <summary>The held device that is meant.</summary>
    /// <param name="custody">The custody.</param>
    /// <param name="selector">The selector.</param>
    /// <returns>It; null when it is not held, or the host has none that fits.</returns>
    /// <exception cref="BackendException">It fits several.</exception>
    public static HeldDevice? Find(this IDeviceCustody custody, DeviceSelector selector) =>
        DeviceChoice.Find(selector, custody.Present) is { } address ? custody.Held().FirstOrDefault(device => device.Address == address) : null;
}
