using System.Diagnostics;

namespace PciBackFlow.Perf.Frontends;

/// <summary>A frontend's patience, in ticks of <see cref="Stopwatch"/>.</summary>
/// <param name="GiveUpTicks">Age of a request from which the frontend takes its slot back, once its wait returns.</param>
/// <param name="PollTicks">How long one wait for an event lasts at most.</param>
public readonly record struct FrontendTiming(long GiveUpTicks, long PollTicks)
{
    /// <summary>Linux drivers/pci/xen-pcifront.c, do_pci_op: gives up after 2 s, polls for at most 3 s.</summary>
    public static FrontendTiming Linux { get; } = FromSeconds(2, 3);

    /// <summary>Patience of a chosen length, for tests that cannot wait for seconds.</summary>
    /// <param name="giveUp">Seconds until the slot is taken back.</param>
    /// <param name="poll">Seconds one wait lasts at most.</param>
    /// <returns>The timing.</returns>
    public static FrontendTiming FromSeconds(double giveUp, double poll) =>
        new((long)(giveUp * Stopwatch.Frequency), (long)(poll * Stopwatch.Frequency));
}
