using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Serving;

/// <summary>Where the time of guests' requests went for a while. Answer of <c>GET /v1/profile</c>.</summary>
/// <param name="Id">Which profile it is: the name under which it could be ended.</param>
/// <param name="Topology">How the stages lie over threads.</param>
/// <param name="Seconds">How long it was looked.</param>
/// <param name="Requests">Requests meanwhile that were wanted, timed or not.</param>
/// <param name="Stages">The stages in their order, then <c>handover</c> (time between threads), then <c>total</c>; of those requests that were timed.</param>
/// <param name="Totals">How long these took as a whole, ascending; each time that occurred once.</param>
/// <param name="Accesses">Register accesses of the guests' functions that the timed requests made; without those of operations that may block (resets).</param>
/// <param name="AccessNanoseconds">What these took together, in nanoseconds.</param>
/// <param name="BytesAllocatedPerRequest">
/// Bytes that the threads which carry requests have allocated meanwhile, divided by all requests of all guests; 0 without any.
/// </param>
public sealed record RequestProfile(
    string Id,
    string Topology,
    double Seconds,
    long Requests,
    IReadOnlyList<StageTiming> Stages,
    IReadOnlyList<TimedCount> Totals,
    long Accesses,
    double AccessNanoseconds,
    double BytesAllocatedPerRequest);
