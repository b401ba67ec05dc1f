using PciBackFlow.Filter.Tables;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Compile;

/// <summary>
/// The extended list as a more lenient reader sees it: Linux drops a pointer's two low bits and takes a header of all ones for a
/// capability (drivers/pci/pci.c, pci_find_next_ext_capability), where our own walk ends and reports. What a guest could find that
/// way has to be protected too.
/// </summary>
internal static class LenientWalk
{
    private const int PointerShift = 20;
    private const int PointerMask = 0xFFC;

    /// <summary>The capabilities that only a lenient reader finds; none where the list is sound.</summary>
    internal static List<PciCapability> Beyond(CapabilityList list, ReadOnceConfigSpace image)
    {
        var found = new List<PciCapability>();
        bool[] seen = new bool[image.Size / 4];
        int at = ConfigRegisters.StandardSize;
        while (at >= ConfigRegisters.StandardSize && at + 4 <= image.Size && !seen[at / 4] && image.TryRead(at, 4, out uint header))
        {
            seen[at / 4] = true;
            if (!IsListed(list, at))
            {
                found.Add(new PciCapability((ushort)header, at, (byte)((header >> 16) & 0xF), true));
            }

            at = (int)(header >> PointerShift) & PointerMask;
        }

        return found;
    }

    private static bool IsListed(CapabilityList list, int at)
    {
        foreach (PciCapability capability in list.Capabilities)
        {
            if (capability.IsExtended && capability.Offset == at)
            {
                return true;
            }
        }

        return false;
    }
}
