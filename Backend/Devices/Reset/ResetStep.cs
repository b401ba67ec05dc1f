using System.Diagnostics.CodeAnalysis;

namespace PciBackFlow.Backend.Devices.Reset;

/// <summary>One method in a reset plan.</summary>
/// <param name="Method">The method.</param>
/// <param name="Obstacle">Why it is not used; null when it is.</param>
public sealed record ResetStep(ResetMethod Method, string? Obstacle)
{
    /// <summary>Whether it would be tried.</summary>
    [MemberNotNullWhen(false, nameof(Obstacle))]
    public bool IsUsable => Obstacle is null;
}
