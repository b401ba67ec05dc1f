namespace PciBackFlow.Pci.Registers;

/// <summary>Tags of the VPD data format (PCI Local Bus 3.0 §6.4 and appendix I).</summary>
public static class VpdTags
{
    /// <summary>Identifier string.</summary>
    public const uint Identifier = 0x82;

    /// <summary>Read-only fields.</summary>
    public const uint ReadOnly = 0x90;

    /// <summary>Read/write fields.</summary>
    public const uint ReadWrite = 0x91;

    /// <summary>End.</summary>
    public const uint End = 0x78;
}
