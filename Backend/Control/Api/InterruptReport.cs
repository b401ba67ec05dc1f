using PciBackFlow.Backend.Interrupts;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>How one function interrupts its guest.</summary>
/// <param name="Mode"><c>none</c>, <c>intx</c>, <c>msi</c> or <c>msi-x</c>.</param>
/// <param name="Vectors">How many messages are enabled; 0 for <c>none</c> and <c>intx</c>.</param>
/// <param name="Pirqs">The guest's numbers of them, in the order of the request; of <c>intx</c> the line's.</param>
/// <param name="Enabled">How often messages were enabled so far.</param>
/// <param name="Failed">How often enabling them failed so far.</param>
public sealed record InterruptReport(string Mode, int Vectors, IReadOnlyList<int> Pirqs, long Enabled, long Failed)
{
    /// <summary>Describes a function's interrupts.</summary>
    /// <param name="state">Their state.</param>
    /// <returns>The report.</returns>
    public static InterruptReport Of(InterruptState state) => new(
        state.Mode switch
        {
            InterruptMode.Line => "intx",
            InterruptMode.Msi => "msi",
            InterruptMode.MsiX => "msi-x",
            _ => "none",
        },
        state.Vectors,
        state.Pirqs,
        state.Enables,
        state.Failures);
}
