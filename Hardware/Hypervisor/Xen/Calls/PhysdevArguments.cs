using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>struct physdev_map_pirq (xen/include/public/physdev.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct MapPirqArgument
{
    [FieldOffset(0)]
    internal ushort Domain;

    [FieldOffset(4)]
    internal int Type;

    /// <summary>The GSI, or -1: Xen chooses a vector.</summary>
    [FieldOffset(8)]
    internal int Index;

    /// <summary>In: the number wanted, or -1. Out: the number given.</summary>
    [FieldOffset(12)]
    internal int Pirq;

    /// <summary>Bus | segment &lt;&lt; 16 (MSI_SEG, MULTI_MSI).</summary>
    [FieldOffset(16)]
    internal int Bus;

    [FieldOffset(20)]
    internal int Devfn;

    /// <summary>The MSI-X entry; of MULTI_MSI how many, and out how many would work.</summary>
    [FieldOffset(24)]
    internal int EntryNumber;

    /// <summary>Not 0: MSI-X.</summary>
    [FieldOffset(32)]
    internal ulong TableBase;
}

/// <summary>struct physdev_unmap_pirq.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal struct UnmapPirqArgument
{
    [FieldOffset(0)]
    internal ushort Domain;

    [FieldOffset(4)]
    internal int Pirq;
}

/// <summary>struct physdev_pci_device.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4)]
internal struct PciDeviceArgument
{
    [FieldOffset(0)]
    internal ushort Segment;

    [FieldOffset(2)]
    internal byte Bus;

    [FieldOffset(3)]
    internal byte Devfn;
}
