namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>An input for which something does not hold that must hold for all.</summary>
internal sealed class BrokenPropertyException(string message) : Exception(message);
