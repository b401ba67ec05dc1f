namespace PciBackFlow.Hardware.Hypervisor.Loopback.Store;

/// <summary>One change that fires watches.</summary>
/// <param name="Path">What changed.</param>
/// <param name="Removed">The subtree that was there, when the change is its removal.</param>
/// <param name="Before">The node with its former permissions, when those changed: who could read it is told.</param>
internal readonly record struct StoreChange(string Path, StoreNode? Removed, StoreNode? Before = null);
