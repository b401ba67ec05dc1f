using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Slots;

/// <summary>
/// One virtual root bus 0000:00. Functions of one physical slot share a virtual slot and keep their function numbers (as Linux's
/// <c>drivers/xen/xen-pciback/vpci.c</c>, so <c>04:00.1</c> alone becomes <c>00:00.1</c>, unless it is said to be lone). Unlike there bridges are
/// really refused, and a requested devfn is honoured where it is free, or where a sibling of the same card leaves the function's own number.
/// </summary>
public sealed class VpciSlots : ISlotAllocator
{
    private const int SlotCount = 32;
    private const byte BridgeClass = 6;

    private readonly List<Placed>[] _slots = [.. Enumerable.Range(0, SlotCount).Select(_ => new List<Placed>())];

    /// <inheritdoc/>
    public SlotResult Add(SlotRequest request)
    {
        if (Find(request.Host) is { } already)
        {
            return new(Address(already), Refusal: null, Note: null);
        }

        if (request.BaseClass == BridgeClass)
        {
            return new(default, "a bridge cannot be put on a guest's virtual bus", Note: null);
        }

        string? note = null;
        if (request.Requested is { } devfn)
        {
            if (IsFree(devfn, request))
            {
                return Place(devfn, request, note: null);
            }

            byte own = (byte)((devfn & ~7) | request.Host.Function);
            if (own != devfn && IsFree(own, request))
            {
                return Place(own, request, note: null);
            }

            note = $"requested slot {devfn >> 3:x2}.{devfn & 7} is taken";
        }

        int slot = SlotOf(request);
        bool isFirst = request.IsLone && slot >= 0 && _slots[slot].Count == 0;
        return slot >= 0
            ? Place((byte)((slot << 3) | (isFirst ? 0 : request.Host.Function)), request, note)
            : new(default, "no more space on the guest's virtual bus: 32 slots are taken", note);
    }

    /// <inheritdoc/>
    public void Remove(PciAddress host)
    {
        foreach (List<Placed> slot in _slots)
        {
            slot.RemoveAll(placed => placed.Host == host);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<PciBus> Roots() => [new PciBus(0, 0)];

    private static PciAddress Address(Placed placed) => PciAddress.FromDevfn(0, 0, placed.Devfn);

    /// <summary>A virtual function with number 0 is no multi-function device: a guest would skip whoever shares its slot.</summary>
    private static bool StandsAlone(int function, bool isVirtualFunction) => isVirtualFunction && (function & 7) == 0;

    private Placed? Find(PciAddress host)
    {
        foreach (List<Placed> slot in _slots)
        {
            foreach (Placed placed in slot)
            {
                if (placed.Host == host)
                {
                    return placed;
                }
            }
        }

        return null;
    }

    private bool IsFree(byte devfn, in SlotRequest request)
    {
        List<Placed> slot = _slots[devfn >> 3];
        return slot.Count == 0 || (MayJoin(slot, request) && !slot.Exists(placed => placed.Devfn == devfn));
    }

    private static bool MayJoin(List<Placed> slot, in SlotRequest request) =>
        !StandsAlone(request.Host.Function, request.IsVirtualFunction)
        && !StandsAlone(slot[0].Devfn, slot[0].IsVirtualFunction)
        && slot[0].Host.SharesSlotWith(request.Host);

    private int SlotOf(in SlotRequest request)
    {
        byte function = request.Host.Function;
        for (int i = 0; i < SlotCount; i++)
        {
            // A sibling that got another function number by request may already sit on this one's.
            if (_slots[i].Count > 0 && MayJoin(_slots[i], request) && !_slots[i].Exists(placed => (placed.Devfn & 7) == function))
            {
                return i;
            }
        }

        return Array.FindIndex(_slots, slot => slot.Count == 0);
    }

    private SlotResult Place(byte devfn, in SlotRequest request, string? note)
    {
        Placed placed = new(request.Host, devfn, request.IsVirtualFunction);
        _slots[devfn >> 3].Add(placed);
        return new(Address(placed), Refusal: null, note);
    }

    private sealed record Placed(PciAddress Host, byte Devfn, bool IsVirtualFunction);
}
