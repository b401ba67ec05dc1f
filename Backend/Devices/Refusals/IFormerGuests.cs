using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>Who knows which guests could map a device's memory: those who grant it. Thread-safe.</summary>
public interface IFormerGuests
{
    /// <summary>
    /// The guests that live and may have mappings of a device's memory. Xen asks for permission only when a page-table entry is made: what a paravirtualised
    /// guest has mapped it keeps when the permission is taken, until it ends.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <returns>Their domids, each once, rising; also those that have the device now.</returns>
    /// <exception cref="BackendException">Xen does not tell who lives.</exception>
    IReadOnlyList<int> LivingOf(PciAddress device);
}
