using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Slots;

/// <summary>
/// Places functions as another allocator does, and those that a guest has from an earlier daemon where it knows them: how that one placed them may have been
/// another way.
/// </summary>
/// <param name="inner">Whose rule holds for what is new.</param>
public sealed class KeptSlots(ISlotAllocator inner) : ISlotAllocator
{
    private readonly List<Kept> _kept = [];

    /// <inheritdoc/>
    public SlotResult Add(SlotRequest request)
    {
        if (_kept.Find(kept => kept.Host == request.Host) is { } known)
        {
            return new(known.Guest, Refusal: null, Note: null);
        }

        SlotResult result = inner.Add(request);
        if (result.IsPlaced && _kept.Exists(kept => kept.Guest == result.Guest))
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
        _kept.Add(new(request.Host, guest));
        return new(guest, Refusal: null, Note: null);
    }

    /// <inheritdoc/>
    public void Remove(PciAddress host)
    {
        if (_kept.RemoveAll(kept => kept.Host == host) == 0)
        {
            inner.Remove(host);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<PciBus> Roots()
    {
        List<PciBus> roots = [.. inner.Roots()];
        foreach (Kept kept in _kept)
        {
            PciBus root = new(kept.Guest.Domain, kept.Guest.Bus);
            if (!roots.Contains(root))
            {
                roots.Add(root);
            }
        }

        return roots;
    }

    private sealed record Kept(PciAddress Host, PciAddress Guest);
}
