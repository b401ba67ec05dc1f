using System.Buffers;
using System.Globalization;
using System.Text;

namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>
/// The metrics as text, in Prometheus' exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Used by one thread at a time; it keeps
/// its room, because a collector comes again and again, and what is thrown away is collected in a pause that guests wait for.
/// </summary>
internal sealed class MetricText : IMetricWriter
{
    /// <summary>The format's media type.</summary>
    public const string Type = "text/plain; version=0.0.4; charset=utf-8";

    // Of a double, sign and exponent included, are 24.
    private const int MostDigits = 32;

    // A thousand guests are two megabytes: it grows there by itself.
    private readonly ArrayBufferWriter<byte> _bytes = new(64 << 10);

    /// <summary>Writes all metrics of the table.</summary>
    /// <param name="sample">What they are made from.</param>
    /// <returns>UTF-8, until the next time.</returns>
    public ReadOnlyMemory<byte> Write(DaemonSample sample)
    {
        _bytes.ResetWrittenCount();
        foreach (Metric metric in MetricTable.All)
        {
            Append($"# HELP {metric.Name} {Escaped(metric.Help, isLabel: false)}\n# TYPE {metric.Name} {NameOf(metric.Kind)}\n");
            metric.Write(sample, new(this, metric));
        }

        return _bytes.WrittenMemory;
    }

    /// <summary>A kind's word in the format.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</returns>
    public static string NameOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    /// <summary>A number as the format has it.</summary>
    internal static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');

    /// <inheritdoc/>
    public void Sample(Metric metric, string suffix, ReadOnlySpan<string> values, string? bound, double value)
    {
        IReadOnlyList<string> labels = metric.Labels;
        if (values.Length != labels.Count)
        {
            throw new ArgumentException($"{metric.Name} has {labels.Count} labels, not {values.Length}", nameof(values));
        }

        Append(metric.Name);
        Append(suffix);
        char before = '{';
        for (int i = 0; i < values.Length; i++)
        {
            Label(ref before, labels[i], values[i]);
        }

        if (bound is not null)
        {
            Label(ref before, "le", bound);
        }

        Append(before == '{' ? " " : "} ");
        value.TryFormat(_bytes.GetSpan(MostDigits), out int length, "R", CultureInfo.InvariantCulture);
        _bytes.Advance(length);
        Append("\n");
    }

    private void Label(ref char before, string name, string value)
    {
        Append(before == '{' ? "{" : ",");
        Append(name);
        Append("=\"");
        Append(Escaped(value, isLabel: true));
        Append("\"");
        before = ',';
    }

    // Names of guests are whatever their toolstack wrote: a quote or a line break in one must not become another sample.
    private static string Escaped(string text, bool isLabel)
    {
        if (text.AsSpan().IndexOfAny('\\', '\n', '"') < 0)
        {
            return text;
        }

        string escaped = text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        return isLabel ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private void Append(string text) => Encoding.UTF8.GetBytes(text, _bytes);
}
