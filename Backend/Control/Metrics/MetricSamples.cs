namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>Takes the samples of one metric and puts them into the text, in the order in which they come.</summary>
internal sealed class MetricSamples
{
    private readonly MetricText _text;
    private readonly Metric _metric;

    internal MetricSamples(MetricText text, Metric metric)
    {
        _text = text;
        _metric = metric;
    }

    /// <summary>A sample.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="labels">A value for each of the metric's labels.</param>
    public void Add(double value, params ReadOnlySpan<string> labels) => _text.Sample(_metric.Name, string.Empty, _metric.Labels, labels, null, value);

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
            _text.Sample(_metric.Name, "_bucket", [], [], MetricText.Number(bound), count);
        }

        count += counts[place];
        _text.Sample(_metric.Name, "_bucket", [], [], "+Inf", count);
        _text.Sample(_metric.Name, "_sum", [], [], null, sum);
        _text.Sample(_metric.Name, "_count", [], [], null, count);
    }
}
