namespace PciBackFlow.Pci.Registers;

/// <summary>Resizable BAR extended capability (PCI Express Base 3.0 §7.22): offsets from the capability, and bits.</summary>
public static class ResizableBarRegisters
{
    /// <summary>First capability dword; one pair of capability and control for each resizable BAR.</summary>
    public const int Capability = 4;

    /// <summary>First control dword.</summary>
    public const int Control = 8;

    /// <summary>Bytes of one pair.</summary>
    public const int Stride = 8;

    /// <summary>First control: number of pairs.</summary>
    public const uint BarCount = 0x000000E0;

    /// <summary>Control: log2 of the size in MiB; writable.</summary>
    public const uint BarSize = 0x00003F00;
}
