using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Selection;

namespace PciBackFlow.Backend.Tests;

/// <summary>A held device by the word a person would give to pci-assignable-remove.</summary>
internal static class CustodyWords
{
    public static HeldDevice? Find(this IDeviceCustody custody, string word) =>
        DeviceSelector.ReadWordOrName(word) is { } selector ? custody.Find(selector) : null;
}
