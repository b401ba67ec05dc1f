using PciBackFlow.Backend.Devices;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Devices;

/// <summary>What the toolstack's half of a backend works on: held devices, and where it writes down what guests were given.</summary>
public sealed record DeviceService
{
    /// <summary>The held devices; the backend's guests claim theirs from the same. Not disposed by the host.</summary>
    public required IDeviceCustody Custody { get; init; }

    /// <summary>The base addresses that the host assigned to a held device: indexes 0 to 5 the BARs, 6 the ROM.</summary>
    public required Func<PciAddress, IReadOnlyList<BaseAddress>> BaseAddressesOf { get; init; }

    /// <summary>Where the grants' journal of this boot lies; made when absent.</summary>
    public required string JournalDirectory { get; init; }
}
