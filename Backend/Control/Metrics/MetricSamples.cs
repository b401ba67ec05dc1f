namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>Takes the samples of one metric and hands them on, in the order in which they come.</summary>
/// <param name="writer">To whom.</param>
/// <param name="metric">The metric.</param>
internal sealed class MetricSamples(IMetricWriter writer, Metric metric)
{
    /// <summary>A sample.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="labels">A value for each of the metric's labels.</param>
    public void Add(double value, params ReadOnlySpan<string> labels) => writer.Sample(metric, string.Empty, labels, null, value);

    /// <summary>A histogram's samples: those up to each bound, all, and their sum.</summary>
    /// <param name="upperBounds">The bounds, ascending.</param>
    /// <param name="counts">Observations between the bound before and this one; one more for those above the last.</param>
    /// <param name="sum">Of all observations.</param>
    public void AddHistogram(IEnumerable<double> upperBounds, IReadOnlyList<long> counts, double sum)
    {
        long count = 0;
        int place = 0;
        foreach (double bound in upperBounds)
        {
            count += counts[place++];
            writer.Sample(metric, "_bucket", [], MetricText.Number(bound), count);
        }

        count += counts[place];
        writer.Sample(metric, "_bucket", [], "+Inf", count);
        writer.Sample(metric, "_sum", [], null, sum);
        writer.Sample(metric, "_count", [], null, count);
    }
}
