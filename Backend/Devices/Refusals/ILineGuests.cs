using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>Who knows which guests have which devices, and so whose device is on a line: those who grant them. Thread-safe.</summary>
public interface ILineGuests
{
    /// <summary>The devices of other guests that are on a held device's line.</summary>
    /// <param name="device">The held device.</param>
    /// <param name="next">The guest that gets it, whose own devices do not count; null for the host.</param>
    /// <returns>Phrases for people; empty when the device has no line, or no other guest is on it.</returns>
    /// <exception cref="BackendException">Xen does not tell whose a device is.</exception>
    IReadOnlyList<string> OthersOn(PciAddress device, int? next);
}
