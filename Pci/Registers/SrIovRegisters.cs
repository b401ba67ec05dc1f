namespace PciBackFlow.Pci.Registers;

/// <summary>SR-IOV extended capability (Single Root I/O Virtualization 1.1 §3.3): offsets from the capability, and bits.</summary>
public static class SrIovRegisters
{
    /// <summary>4 bytes.</summary>
    public const int Capabilities = 0x04;

    /// <summary>2 bytes.</summary>
    public const int Control = 0x08;

    /// <summary>2 bytes.</summary>
    public const int Status = 0x0A;

    /// <summary>2 bytes.</summary>
    public const int InitialVfs = 0x0C;

    /// <summary>2 bytes.</summary>
    public const int TotalVfs = 0x0E;

    /// <summary>2 bytes.</summary>
    public const int NumVfs = 0x10;

    /// <summary>2 bytes, behind 2 reserved ones.</summary>
    public const int VfDeviceId = 0x1A;

    /// <summary>4 bytes.</summary>
    public const int SupportedPageSizes = 0x1C;

    /// <summary>4 bytes.</summary>
    public const int SystemPageSize = 0x20;

    /// <summary>First of six VF base address registers, 4 bytes each.</summary>
    public const int BaseAddress0 = 0x24;

    /// <summary>4 bytes.</summary>
    public const int MigrationState = 0x3C;

    /// <summary>Bytes.</summary>
    public const int Size = 0x40;

    /// <summary>Control: VFs exist.</summary>
    public const uint VfEnable = 0x0001;

    /// <summary>Control: VFs answer memory accesses.</summary>
    public const uint VfMemorySpace = 0x0008;

    /// <summary>Control: writable bits.</summary>
    public const uint ControlWritable = 0x001F;
}
