using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Firmware;

/// <summary>Functions that a region is reserved for.</summary>
/// <param name="Segment">Their segment.</param>
/// <param name="Bus">The bus that the way begins on.</param>
/// <param name="Steps">Slot and function of each bridge on the way, the last one's being the function's own.</param>
/// <param name="IsHierarchy">Whether the last one is a bridge, and everything below it is meant.</param>
public sealed record ReservedScope(int Segment, int Bus, IReadOnlyList<(int Slot, int Function)> Steps, bool IsHierarchy)
{
    /// <summary>Whether a function is meant.</summary>
    /// <param name="address">The function.</param>
    /// <param name="bridges">The bridges above it, the root port first.</param>
    /// <returns>True when the way leads to it, or to a bridge above it that stands for all below.</returns>
    public bool Includes(PciAddress address, IReadOnlyList<PciAddress> bridges)
    {
        if (address.Domain != Segment || Steps.Count == 0)
        {
            return false;
        }

        PciAddress[] way = [.. bridges, address];
        for (int start = 0; start < way.Length; start++)
        {
            int end = start + Steps.Count;
            if (way[start].Bus == Bus && end <= way.Length && (end == way.Length || IsHierarchy) && IsWay(way.AsSpan(start, Steps.Count)))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsWay(ReadOnlySpan<PciAddress> way)
    {
        for (int i = 0; i < way.Length; i++)
        {
            if (way[i].Slot != Steps[i].Slot || way[i].Function != Steps[i].Function)
            {
                return false;
            }
        }

        return true;
    }
}
