namespace PciBackFlow.Backend.Tracing;

/// <summary>What was read is no trace that this program understands.</summary>
/// <param name="message">Why, in words that follow the file's name.</param>
public sealed class TraceFormatException(string message) : Exception(message);
