using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Reports.Plots;

/// <summary>Where the time of a request goes in the backend: a bar for each stage, as long as its median.</summary>
internal static class StageBars
{
    private const double Width = 880;
    private const double Left = 84;
    private const double Right = 640;
    private const double Row = 26;

    /// <summary>Draws them.</summary>
    /// <param name="stages">The stages in order, and their total.</param>
    internal static string Draw(IReadOnlyList<StageProfile> stages)
    {
        if (stages.Count == 0)
        {
            return string.Empty;
        }

        double most = Math.Max(1, stages.Max(static stage => stage.P50));
        var svg = new Svg(Width, (stages.Count * Row) + 8, "Median time of each stage");
        for (int i = 0; i < stages.Count; i++)
        {
            StageProfile stage = stages[i];
            double y = 4 + (i * Row);
            double length = Math.Max(1, (Right - Left) * stage.P50 / most);
            string figures = $"{DurationText.Format(stage.P50)}, p99 {DurationText.Format(stage.P99)}";
            svg.Text(Left - 10, y + 15, "end", stage.Name, "name");
            svg.Bar(stage.Name == "total" ? "bar whole" : "bar", Left, y + 2, length, Row - 8, $"{stage.Name}: {figures}");
            svg.Text(Left + length + 8, y + 15, "start", figures, "name");
        }

        return svg.ToString();
    }
}
