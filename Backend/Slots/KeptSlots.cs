using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Slots;

/// <summary>
/// Places functions as another allocator does, and those that a guest has from an earlier daemon where it knows them: how that one placed them may have been
/// another way.
/// </summary>
/// <param name="inner">Whose rule holds for what is new.</param>
public sealed class KeptSlots(ISlotAllocator inner) : ISlotAllocator
{
    private readonly Dictionary<PciAddress, PciAddress> _kept = [];

    /// <inheritdoc/>
    public SlotResult Add(SlotRequest request)
    {
        if (_kept.TryGetValue(request.Host, out PciAddress known))
        {
            return new(known, Refusal: null, Note: null);
        }

        SlotResult result = inner.Add(request);
        if (result.IsPlaced && _kept.ContainsValue(result.Guest))
        {
            inner.Remove(request.Host);
            return result with { Refusal = $"{result.Guest} is another function's, which the guest has from an earlier daemon" };
        }

        return result;
    }

    /// <summary>Puts a function back where its guest knows it.</summary>
    /// <param name="request">The function.</param>
    /// <param name="guest">Where the guest sees it, which is nobody else's.</param>
    /// <returns>That place, or why the guest cannot have the function at all.</returns>
    public SlotResult Restore(SlotRequest request, PciAddress guest)
    {
        SlotResult result = inner.Add(request with { Requested = guest.Devfn });
        if (!result.IsPlaced || result.Guest == guest)
        {
            return result;
        }

        inner.Remove(request.Host);
        _kept[request.Host] = guest;
        return new(guest, Refusal: null, Note: null);
    }

    /// <inheritdoc/>
    public void Remove(PciAddress host)
    {
        if (!_kept.Remove(host))
        {
            inner.Remove(host);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<PciBus> Roots() =>
        [.. inner.Roots(), .. _kept.Values.Select(static guest => new PciBus(guest.Domain, guest.Bus)).Except(inner.Roots()).Distinct()];
}
