using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// The rule against handing a device on, to another guest or to the host, while a guest that had it may still reach its memory: through that it drives the
/// device, whose DMA is the next one's by then.
/// </summary>
internal static class FormerGuestRule
{
    /// <summary>What it was read from.</summary>
    public const string Evidence = "the journal of grants: memory that a living guest could map";

    /// <summary>Looks whether it speaks against handing a device on.</summary>
    /// <param name="policy">What weighs how much.</param>
    /// <param name="living">The guests that may still reach it, but for the one that gets it.</param>
    /// <returns>The reason; null when there is none.</returns>
    public static DeviceRefusal? Find(RefusalPolicy policy, IReadOnlyList<int> living)
    {
        RefusalWeight weight = policy.WeightOf(RefusalTable.FormerGuest);
        if (living.Count == 0 || weight == RefusalWeight.None)
        {
            return null;
        }

        string guests = $"domain {string.Join(" and domain ", living)}";
        return new(
            RefusalTable.FormerGuest, weight,
            $"{guests} had its memory and may have it mapped still: Xen takes mappings from a guest only with its end")
        {
            Evidence = Evidence,
            Remedy = $"Destroy {guests} first, or insist with --force: then whoever gets the device trusts {guests} with all that the device can reach",
        };
    }

    /// <summary>Weighs it.</summary>
    /// <param name="policy">What weighs how much.</param>
    /// <param name="device">What is handed on.</param>
    /// <param name="living">The guests that may still reach it, but for the one that gets it.</param>
    /// <param name="force">Whether a person insists.</param>
    /// <returns>What is to be said although it is handed on; null for nothing.</returns>
    /// <exception cref="BackendException">It is refused.</exception>
    public static string? Weigh(RefusalPolicy policy, PciAddress device, IReadOnlyList<int> living, bool force) =>
        HandingOn.Weigh(Find(policy, living), device, force);
}
