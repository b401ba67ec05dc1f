using PciBackFlow.Backend.Devices;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>What a guest of a device can be granted of the host's memory and ports, as the host placed it.</summary>
internal static class DeviceRanges
{
    private const int RomIndex = 6;

    /// <summary>A device's ports, then its memory, each in the order of the base addresses; those without a place are not there.</summary>
    /// <exception cref="IOException">The host has no such device.</exception>
    public static IEnumerable<(BaseAddress Range, bool IsPorts)> Of(IDeviceCustody custody, PciAddress device, bool hasRom = true) =>
        custody.BaseAddressesOf(device).Take(hasRom ? RomIndex + 1 : RomIndex)
        .Select(static (range, index) => (Range: range, IsPorts: index != RomIndex && range.IsIo))
        .Where(static found => found.Range.IsAssigned)
        .OrderBy(static found => !found.IsPorts);

    /// <summary>A device's memory in whole frames; none when the host has no such device any more.</summary>
    public static IReadOnlyList<Grant> MemoryOf(IDeviceCustody custody, PciAddress device)
    {
        try
        {
            return [.. Of(custody, device).Where(static found => !found.IsPorts).Select(static found => Grant.MemoryOf(found.Range.Start, found.Range.Length))];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Whether two devices have memory in one frame: who is granted the one can reach a part of the other.</summary>
    public static bool ShareFrame(IDeviceCustody custody, PciAddress one, PciAddress other)
    {
        IReadOnlyList<Grant> memory = MemoryOf(custody, one);
        return memory.Count > 0 && MemoryOf(custody, other).Any(theirs => memory.Any(theirs.Overlaps));
    }
}
