using System.Globalization;

namespace PciBackFlow.Lab.Tests;

/// <summary>One row of the table of three backends: what dom0 reports for it, and what it should come to.</summary>
/// <param name="Name">What was measured, in words.</param>
/// <param name="What">Under which name dom0 reports it.</param>
/// <param name="Sides">The backends that must have a figure of it.</param>
/// <param name="Percentile">Which percentile of a round's samples, 0 to 1; null: it is reported as a figure.</param>
/// <param name="MostRatio">The largest ratio to the kernel's that meets the goal; null: there is none.</param>
/// <param name="Most">The largest figure of ours that meets the goal; null: there is none.</param>
internal sealed record PathGoal(string Name, string What, IReadOnlyList<string> Sides, double? Percentile = null, double? MostRatio = null, double? Most = null)
{
    /// <summary>The goal in words; empty: none.</summary>
    public string Text => (MostRatio, Most) switch
    {
        ({ } ratio, _) => string.Create(CultureInfo.InvariantCulture, $"≤ {ratio:0.0#} ×"),
        (_, { } most) => string.Create(CultureInfo.InvariantCulture, $"≤ {most:0.##}"),
        _ => string.Empty,
    };
}
