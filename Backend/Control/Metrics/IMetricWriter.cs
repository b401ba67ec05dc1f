namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>Who takes a metric's samples.</summary>
internal interface IMetricWriter
{
    /// <summary>One sample.</summary>
    /// <param name="metric">Of which metric.</param>
    /// <param name="suffix">What its name ends in beyond the metric's: nothing, or a part of a histogram (<c>_bucket</c>, <c>_sum</c>, <c>_count</c>).</param>
    /// <param name="values">A value for each of the metric's labels.</param>
    /// <param name="bound">A bucket's upper bound; null elsewhere.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="ArgumentException">A label has no value, or a value no label.</exception>
    void Sample(Metric metric, string suffix, ReadOnlySpan<string> values, string? bound, double value);
}
