namespace PciBackFlow.Pci;

/// <summary>Header layouts: bits 6:0 of the Header Type register. Open: others are reserved.</summary>
public enum HeaderKind : byte
{
    /// <summary>Type 0: a device (PCI Local Bus 3.0 §6.1).</summary>
    Device = 0,

    /// <summary>Type 1: a PCI-to-PCI bridge (PCI-to-PCI Bridge 1.2 §3.2).</summary>
    Bridge = 1,

    /// <summary>Type 2: a CardBus bridge (PC Card 8.1). It can be read; nothing here serves it.</summary>
    CardBus = 2,
}
