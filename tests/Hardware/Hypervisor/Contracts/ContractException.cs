namespace PciBackFlow.Hardware.Contracts;

/// <summary>An implementation does not do what its contract says.</summary>
public sealed class ContractException(string message) : Exception(message);
