namespace PciBackFlow.Perf.Reports;

/// <summary>One figure of two runs, as text.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Own">This run's.</param>
/// <param name="Other">The other's.</param>
/// <param name="Ratio">This run's divided by the other's; a dash where that means nothing.</param>
internal sealed record ComparedFigure(string Name, string Own, string Other, string Ratio);
