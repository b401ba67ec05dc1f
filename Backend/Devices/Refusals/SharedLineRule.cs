using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// The rule against handing a device on while its line interrupt is another domain's as well, a guest's or the host's. A level line has no owner: whoever has
/// one device on it can keep it asserted, or leave it unacknowledged until Xen ends it after a millisecond (irq_guest_eoi_timer_fn, xen/arch/x86/irq.c), and
/// the others' devices are served late or not at all (Xen's docs/misc/vtd.txt tells of a line shared among domains as of a loss of performance, which a
/// hostile guest makes as large as it likes). That a device has messages is no answer: whether its guest uses them is the guest's choice.
/// </summary>
internal static class SharedLineRule
{
    /// <summary>What can be done.</summary>
    public const string Remedy =
        "Give both to one guest, have the host's driver use messages or unbind it, or move one of the cards to a slot with another line";

    /// <summary>What is said of one that shares it.</summary>
    public static string Describe(string other) => $"{other}: whoever has one of the two can keep the other's interrupts away";

    /// <summary>Looks whether it speaks against handing a device on.</summary>
    /// <param name="policy">What weighs how much.</param>
    /// <param name="others">Who shares its line: phrases for people.</param>
    /// <returns>The reason; null when there is none.</returns>
    public static DeviceRefusal? Find(RefusalPolicy policy, IReadOnlyList<string> others)
    {
        RefusalWeight weight = policy.WeightOf(RefusalTable.SharedLine);
        return others.Count == 0 || weight == RefusalWeight.None
            ? null
            : new(RefusalTable.SharedLine, weight, string.Join("; ", others.Select(Describe)))
            {
                Evidence = "the line it was taken with, /proc/interrupts, and whose the other devices are by Xen and the journal",
                Remedy = $"{Remedy}; or insist with --force if they trust each other so far",
            };
    }

    /// <summary>Weighs it.</summary>
    /// <param name="policy">What weighs how much.</param>
    /// <param name="device">What is handed on.</param>
    /// <param name="others">Who shares its line: phrases for people.</param>
    /// <param name="force">Whether a person insists.</param>
    /// <returns>What is to be said although it is handed on; null for nothing.</returns>
    /// <exception cref="BackendException">It is refused.</exception>
    public static string? Weigh(RefusalPolicy policy, PciAddress device, IReadOnlyList<string> others, bool force) =>
        HandingOn.Weigh(Find(policy, others), device, force);
}
