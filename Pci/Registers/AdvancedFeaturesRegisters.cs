namespace PciBackFlow.Pci.Registers;

/// <summary>Advanced Features capability (Conventional PCI Advanced Capabilities ECN): offsets from the capability, and bits.</summary>
public static class AdvancedFeaturesRegisters
{
    /// <summary>Length, 1 byte: 6.</summary>
    public const int Length = 2;

    /// <summary>Capabilities, 1 byte.</summary>
    public const int Capabilities = 3;

    /// <summary>Control, 1 byte.</summary>
    public const int Control = 4;

    /// <summary>Status, 1 byte.</summary>
    public const int Status = 5;

    /// <summary>Bytes.</summary>
    public const int Size = 6;

    /// <summary>Capabilities: Status.TP is there.</summary>
    public const uint TransactionsPendingCapable = 0x01;

    /// <summary>Capabilities: FLR.</summary>
    public const uint FunctionLevelReset = 0x02;

    /// <summary>Control: starts an FLR; reads 0.</summary>
    public const uint InitiateFunctionLevelReset = 0x01;

    /// <summary>Status: requests not yet completed.</summary>
    public const uint TransactionsPending = 0x01;
}
