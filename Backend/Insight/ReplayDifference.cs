using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Insight;

/// <summary>A recorded request to which the function gives another answer.</summary>
/// <param name="Number">The how-manieth request it is, from 1.</param>
/// <param name="Record">The request, with the answer that was recorded.</param>
/// <param name="Status">The status now, by its name in Xen's public header.</param>
/// <param name="Value">The value now.</param>
/// <param name="Registers">The registers it touches.</param>
public sealed record ReplayDifference(int Number, TraceRecord Record, string Status, uint Value, IReadOnlyList<string> Registers);
