namespace PciBackFlow.Pipeline;

/// <summary>An object to lock; the lock statement treats it as any other.</summary>
public sealed class Lock;
