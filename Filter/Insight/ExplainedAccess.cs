using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Filter.Insight;

/// <summary>One access as a guest would have sent it, what happened and why. The fields are those of <c>explain --json</c>.</summary>
/// <param name="Access"><c>read</c> or <c>write</c>.</param>
/// <param name="Offset">Offset as sent.</param>
/// <param name="Size">Size as sent.</param>
/// <param name="Value">A read's answer; a write's value as sent.</param>
/// <param name="Status"><c>success</c>, <c>invalid_offset</c>, <c>access_denied</c> or <c>op_failed</c>.</param>
/// <param name="Rows">The registers it touched, by offset; empty outside the space.</param>
/// <param name="Hardware">What reached the function, in order.</param>
/// <param name="DeniedBits">Bits of a write that were dropped although they would have changed something, in the access's lanes.</param>
/// <param name="Suggestion">The rule that would let the denied bits through; null when nothing was denied or no policy allows it.</param>
public sealed record ExplainedAccess(
    string Access,
    int Offset,
    int Size,
    uint Value,
    string Status,
    IReadOnlyList<ExplainedRow> Rows,
    IReadOnlyList<HardwareAccess> Hardware,
    uint DeniedBits,
    PolicyRule? Suggestion)
{
    /// <summary>
    /// Whether the function's registers there can be read. Behind what was captured, or what may be read without privilege, nobody knows what a guest would
    /// meet: then nothing is said of it.
    /// </summary>
    public bool IsKnown { get; init; } = true;
}
