namespace PciBackFlow.Pci;

/// <summary>Offsets in the configuration header (PCI Local Bus 3.0 §6.1; type 1: PCI-to-PCI Bridge 1.2 §3.2; CardBus: PC Card 8.1).</summary>
public static class ConfigRegisters
{
    /// <summary>Vendor id, 2 bytes.</summary>
    public const int VendorId = 0x00;

    /// <summary>Device id, 2 bytes.</summary>
    public const int DeviceId = 0x02;

    /// <summary>Command, 2 bytes.</summary>
    public const int Command = 0x04;

    /// <summary>Status, 2 bytes.</summary>
    public const int Status = 0x06;

    /// <summary>Revision id, 1 byte.</summary>
    public const int RevisionId = 0x08;

    /// <summary>Programming interface, subclass and base class, 3 bytes.</summary>
    public const int ClassCode = 0x09;

    /// <summary>Cache line size in dwords, 1 byte.</summary>
    public const int CacheLineSize = 0x0C;

    /// <summary>Latency timer, 1 byte.</summary>
    public const int LatencyTimer = 0x0D;

    /// <summary>Header type (bits 6:0) and multi-function (bit 7), 1 byte.</summary>
    public const int HeaderType = 0x0E;

    /// <summary>Built-in self test, 1 byte.</summary>
    public const int Bist = 0x0F;

    /// <summary>First base address register, 4 bytes; six follow each other in a type 0 header, two in a type 1 header.</summary>
    public const int BaseAddress0 = 0x10;

    /// <summary>CardBus CIS pointer (type 0), 4 bytes.</summary>
    public const int CardBusCis = 0x28;

    /// <summary>Subsystem vendor id (type 0), 2 bytes.</summary>
    public const int SubsystemVendorId = 0x2C;

    /// <summary>Subsystem id (type 0), 2 bytes.</summary>
    public const int SubsystemId = 0x2E;

    /// <summary>Expansion ROM base address (type 0), 4 bytes.</summary>
    public const int ExpansionRom = 0x30;

    /// <summary>First capability (types 0 and 1), 1 byte.</summary>
    public const int CapabilityPointer = 0x34;

    /// <summary>Interrupt line, 1 byte.</summary>
    public const int InterruptLine = 0x3C;

    /// <summary>Interrupt pin, 1 byte: 0 none, 1 INTA#.</summary>
    public const int InterruptPin = 0x3D;

    /// <summary>Min_Gnt (type 0), 1 byte.</summary>
    public const int MinGrant = 0x3E;

    /// <summary>Max_Lat (type 0), 1 byte.</summary>
    public const int MaxLatency = 0x3F;

    /// <summary>Primary bus number (type 1), 1 byte.</summary>
    public const int PrimaryBus = 0x18;

    /// <summary>Secondary bus number (type 1), 1 byte.</summary>
    public const int SecondaryBus = 0x19;

    /// <summary>Subordinate bus number (type 1), 1 byte.</summary>
    public const int SubordinateBus = 0x1A;

    /// <summary>Secondary latency timer (type 1), 1 byte.</summary>
    public const int SecondaryLatency = 0x1B;

    /// <summary>I/O base (type 1), 1 byte.</summary>
    public const int IoBase = 0x1C;

    /// <summary>I/O limit (type 1), 1 byte.</summary>
    public const int IoLimit = 0x1D;

    /// <summary>Secondary status (type 1), 2 bytes.</summary>
    public const int SecondaryStatus = 0x1E;

    /// <summary>Memory base (type 1), 2 bytes.</summary>
    public const int MemoryBase = 0x20;

    /// <summary>Memory limit (type 1), 2 bytes.</summary>
    public const int MemoryLimit = 0x22;

    /// <summary>Prefetchable memory base (type 1), 2 bytes.</summary>
    public const int PrefetchableBase = 0x24;

    /// <summary>Prefetchable memory limit (type 1), 2 bytes.</summary>
    public const int PrefetchableLimit = 0x26;

    /// <summary>Prefetchable base, upper 32 bits (type 1), 4 bytes.</summary>
    public const int PrefetchableBaseUpper = 0x28;

    /// <summary>Prefetchable limit, upper 32 bits (type 1), 4 bytes.</summary>
    public const int PrefetchableLimitUpper = 0x2C;

    /// <summary>I/O base, upper 16 bits (type 1), 2 bytes.</summary>
    public const int IoBaseUpper = 0x30;

    /// <summary>I/O limit, upper 16 bits (type 1), 2 bytes.</summary>
    public const int IoLimitUpper = 0x32;

    /// <summary>Expansion ROM base address (type 1), 4 bytes.</summary>
    public const int BridgeExpansionRom = 0x38;

    /// <summary>Bridge control (type 1), 2 bytes.</summary>
    public const int BridgeControl = 0x3E;

    /// <summary>First capability of a CardBus bridge (type 2), 1 byte.</summary>
    public const int CardBusCapabilityPointer = 0x14;

    /// <summary>Bytes in the header: the first offset behind it.</summary>
    public const int HeaderSize = 0x40;

    /// <summary>Bytes reachable by the conventional mechanism.</summary>
    public const int StandardSize = 0x100;

    /// <summary>Bytes of a PCI Express or PCI-X 2.0 function.</summary>
    public const int ExtendedSize = 0x1000;
}
