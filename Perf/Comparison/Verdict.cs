namespace PciBackFlow.Perf.Comparison;

/// <summary>What a row of the table says of its goal.</summary>
internal enum Verdict
{
    /// <summary>There is no goal: the figure is said.</summary>
    Said,

    /// <summary>The figure is within its limit.</summary>
    Met,

    /// <summary>It is not.</summary>
    Missed,

    /// <summary>This machine cannot show it.</summary>
    NotMeasurable,
}
