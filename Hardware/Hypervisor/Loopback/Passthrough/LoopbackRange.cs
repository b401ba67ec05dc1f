namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>Consecutive frames or ports that a domain may use.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many, above 0.</param>
public readonly record struct LoopbackRange(ulong First, ulong Count);
