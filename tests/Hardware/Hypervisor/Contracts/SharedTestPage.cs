namespace PciBackFlow.Hardware.Contracts;

/// <summary>A granted page, seen by who granted it.</summary>
/// <param name="Reference">Its grant reference.</param>
/// <param name="Address">Its first byte.</param>
/// <param name="Page">Dispose it to end the grant.</param>
public readonly record struct SharedTestPage(uint Reference, nint Address, IDisposable Page);
