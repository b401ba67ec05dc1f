using PciBackFlow.Perf.Frontends;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Load;

/// <summary>A request that went wrong.</summary>
/// <param name="Outcome">What the frontend saw.</param>
/// <param name="Request">What it asked.</param>
/// <param name="Answer">What came back.</param>
/// <param name="Cause">Why the engine answered for the request; none when its own answer was wrong.</param>
/// <param name="Complaint">What is wrong about an answer that reports success; null otherwise.</param>
internal sealed record LoadFailure(FrontendOutcome Outcome, FrontendRequest Request, FrontendAnswer Answer, FailureCause Cause, string? Complaint);
