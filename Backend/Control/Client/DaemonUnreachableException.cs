namespace PciBackFlow.Backend.Control.Client;

/// <summary>No daemon answers at a control socket.</summary>
/// <param name="message">Where, and why not.</param>
/// <param name="inner">What connecting ended with.</param>
public sealed class DaemonUnreachableException(string message, Exception inner) : Exception(message, inner);
