namespace PciBackFlow.Simulation;

/// <summary>Something that must hold does not.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);
