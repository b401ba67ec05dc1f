using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Slots;

/// <summary>
/// The guest sees the host's addresses. Every bus that holds a function is a root: no bridge is ever given to a guest, so there
/// is none below which a frontend could find further buses.
/// </summary>
public sealed class PassthroughSlots : ISlotAllocator
{
    private const byte BridgeClass = 6;

    private readonly List<PciAddress> _placed = [];

    /// <inheritdoc/>
    public SlotResult Add(SlotRequest request)
    {
        if (request.BaseClass == BridgeClass)
        {
            return new(default, "a bridge cannot be given to a guest", Note: null);
        }

        if (!_placed.Contains(request.Host))
        {
            _placed.Add(request.Host);
        }

        return new(request.Host, Refusal: null, request.Requested is { } devfn && devfn != request.Host.Devfn
            ? $"requested slot {devfn >> 3:x2}.{devfn & 7} cannot be given: the guest sees the host's addresses"
            : null);
    }

    /// <inheritdoc/>
    public void Remove(PciAddress host) => _placed.Remove(host);

    /// <inheritdoc/>
    public IReadOnlyList<PciBus> Roots()
    {
        List<PciBus> roots = [];
        foreach (PciAddress address in _placed)
        {
            PciBus root = new(address.Domain, address.Bus);
            if (!roots.Contains(root))
            {
                roots.Add(root);
            }
        }

        return roots;
    }
}
