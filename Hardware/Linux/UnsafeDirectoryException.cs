namespace PciBackFlow.Hardware.Linux;

/// <summary>A directory or file of this program is where somebody else decides what lies there. Nothing of it was read or written.</summary>
/// <param name="message">What, and what to do.</param>
public sealed class UnsafeDirectoryException(string message) : IOException(message);
