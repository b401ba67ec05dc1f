namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>One metric of the daemon: a row of the table that the answer, the documentation and the tests are made from.</summary>
/// <param name="name">Its name, with the unit; a counter's ends in <c>_total</c>.</param>
/// <param name="kind">What its number means.</param>
/// <param name="help">One line for people.</param>
/// <param name="labels">The names of its labels, in their order.</param>
/// <param name="write">Writes its samples, each with a value for every label.</param>
internal sealed class Metric(string name, MetricKind kind, string help, IReadOnlyList<string> labels, Action<DaemonSample, MetricSamples> write)
{
    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>What its number means.</summary>
    public MetricKind Kind => kind;

    /// <summary>One line for people.</summary>
    public string Help => help;

    /// <summary>The names of its labels, in their order.</summary>
    public IReadOnlyList<string> Labels => labels;

    /// <summary>Writes its samples.</summary>
    internal void Write(DaemonSample sample, MetricSamples samples) => write(sample, samples);

    /// <summary>A metric that is one number.</summary>
    internal static Metric Of(string name, MetricKind kind, string help, Func<DaemonSample, double> value) =>
        new(name, kind, help, [], (sample, samples) => samples.Add(value(sample)));
}
