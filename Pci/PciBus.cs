namespace PciBackFlow.Pci;

/// <summary>A PCI bus.</summary>
/// <param name="Domain">Its segment.</param>
/// <param name="Bus">Its number in the segment.</param>
public readonly record struct PciBus(uint Domain, byte Bus);
