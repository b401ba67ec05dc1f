namespace PciBackFlow.Perf.Comparison;

/// <summary>Something could not be measured although it can be here: the message says what and why.</summary>
/// <param name="message">What failed.</param>
internal sealed class ComparisonFailedException(string message) : Exception(message);
