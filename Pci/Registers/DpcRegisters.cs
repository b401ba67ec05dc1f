namespace PciBackFlow.Pci.Registers;

/// <summary>Downstream Port Containment extended capability (PCI Express Base 4.0 §7.9.15): offsets from the capability, and bits.</summary>
public static class DpcRegisters
{
    /// <summary>2 bytes.</summary>
    public const int Capability = 4;

    /// <summary>2 bytes.</summary>
    public const int Control = 6;

    /// <summary>2 bytes.</summary>
    public const int Status = 8;

    /// <summary>2 bytes.</summary>
    public const int ErrorSource = 0x0A;

    /// <summary>Bytes without root port extensions.</summary>
    public const int Size = 12;

    /// <summary>Bytes with root port extensions, without the TLP prefix log.</summary>
    public const int RootPortSize = 0x30;

    /// <summary>Capability: root port extensions.</summary>
    public const uint RootPortExtensions = 0x0020;

    /// <summary>Control: on fatal errors, or on non-fatal ones too.</summary>
    public const uint TriggerEnable = 0x0003;

    /// <summary>Control: writable bits.</summary>
    public const uint ControlWritable = 0x00BF;

    /// <summary>Status: cleared by writing 1.</summary>
    public const uint StatusErrors = 0x2009;
}
