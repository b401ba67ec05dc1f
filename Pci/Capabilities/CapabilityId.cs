namespace PciBackFlow.Pci.Capabilities;

/// <summary>Ids of standard capabilities (PCI Code and ID Assignment 1.11 §2). Open: a value without a name is a capability we do not know.</summary>
public enum CapabilityId : byte
{
    /// <summary>Null capability.</summary>
    Null = 0x00,

    /// <summary>Power Management.</summary>
    PowerManagement = 0x01,

    /// <summary>AGP.</summary>
    Agp = 0x02,

    /// <summary>Vital Product Data.</summary>
    Vpd = 0x03,

    /// <summary>Slot Identification.</summary>
    SlotId = 0x04,

    /// <summary>MSI.</summary>
    Msi = 0x05,

    /// <summary>CompactPCI Hot Swap.</summary>
    HotSwap = 0x06,

    /// <summary>PCI-X.</summary>
    PciX = 0x07,

    /// <summary>HyperTransport.</summary>
    HyperTransport = 0x08,

    /// <summary>Vendor-specific.</summary>
    Vendor = 0x09,

    /// <summary>Debug Port.</summary>
    DebugPort = 0x0A,

    /// <summary>CompactPCI Central Resource Control.</summary>
    CompactResource = 0x0B,

    /// <summary>PCI Standard Hot-Plug.</summary>
    HotPlug = 0x0C,

    /// <summary>Bridge Subsystem ID.</summary>
    Subsystem = 0x0D,

    /// <summary>AGP 8X.</summary>
    Agp8X = 0x0E,

    /// <summary>Secure Device.</summary>
    SecureDevice = 0x0F,

    /// <summary>PCI Express.</summary>
    PciExpress = 0x10,

    /// <summary>MSI-X.</summary>
    MsiX = 0x11,

    /// <summary>SATA.</summary>
    Sata = 0x12,

    /// <summary>Advanced Features.</summary>
    AdvancedFeatures = 0x13,

    /// <summary>Enhanced Allocation.</summary>
    EnhancedAllocation = 0x14,

    /// <summary>Flattening Portal Bridge.</summary>
    FlatteningPortal = 0x15,
}
