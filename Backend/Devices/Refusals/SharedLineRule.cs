using PciBackFlow.Hardware.Pci;

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

    /// <summary>Weighs it.</summary>
    /// <param name="policy">What weighs how much.</param>
    /// <param name="device">What is handed on.</param>
    /// <param name="others">Who shares its line: phrases for people.</param>
    /// <param name="force">Whether a person insists.</param>
    /// <returns>What is to be said although it is handed on; null for nothing.</returns>
    /// <exception cref="BackendException">It is refused.</exception>
    public static string? Weigh(RefusalPolicy policy, PciAddress device, IReadOnlyList<string> others, bool force)
    {
        RefusalWeight weight = policy.WeightOf(RefusalTable.SharedLine);
        if (others.Count == 0 || weight == RefusalWeight.None)
        {
            return null;
        }

        string text = string.Join("; ", others.Select(Describe));
        if (weight == RefusalWeight.Judgement && !force)
        {
            throw new BackendException(
                BackendFailure.Refused,
                $"{device} is refused ({RefusalTable.SharedLine}): {text}. {Remedy}; or insist with --force if they trust each other so far");
        }

        return text;
    }
}
