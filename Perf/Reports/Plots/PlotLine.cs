using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Reports.Plots;

/// <summary>A line of the percentile plot.</summary>
/// <param name="Kind">Its class in the page's style: <c>run</c>, <c>net</c>, <c>hiccup</c>, <c>other</c>.</param>
/// <param name="Name">What it is, in the legend.</param>
/// <param name="Points">Its points.</param>
internal sealed record PlotLine(string Kind, string Name, IReadOnlyList<PercentilePoint> Points);
