using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Slots;

/// <summary>Decides where a guest sees its functions. One for each guest; used by the guest's own queue only.</summary>
public interface ISlotAllocator
{
    /// <summary>Finds a place. A function that has one keeps it.</summary>
    /// <param name="request">The function.</param>
    /// <returns>The place, or the reason why there is none.</returns>
    SlotResult Add(SlotRequest request);

    /// <summary>Gives a place back, to be used again. Unknown functions are ignored.</summary>
    /// <param name="host">The function's address on the host.</param>
    void Remove(PciAddress host);

    /// <summary>The root buses a frontend has to scan to find everything placed, each once, in the order they were needed.</summary>
    /// <returns>The buses.</returns>
    IReadOnlyList<PciBus> Roots();
}
