namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>What a pirq comes from.</summary>
public enum LoopbackPirqKind
{
    /// <summary>A line, by its GSI.</summary>
    Line,

    /// <summary>A vector of plain MSI.</summary>
    Msi,

    /// <summary>An entry of an MSI-X table.</summary>
    Msix,
}
