namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>The program is no more. Nobody expects it, so nobody cleans up after it.</summary>
internal sealed class KilledException() : Exception("killed");
