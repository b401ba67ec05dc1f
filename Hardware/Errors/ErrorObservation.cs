using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Errors;

/// <summary>What one of the kernel's ways of telling says about an error.</summary>
/// <param name="Device">Which function, or which port.</param>
/// <param name="Severity">How bad it is; null where it does not say.</param>
internal sealed record ErrorObservation(PciAddress Device, ErrorSeverity? Severity)
{
    /// <summary>The names of the bits.</summary>
    public IReadOnlyList<string> Bits { get; init; } = [];

    /// <summary>The transaction.</summary>
    public TlpHeader? Header { get; init; }

    /// <summary>What the kernel made of it.</summary>
    public KernelRecovery Kernel { get; init; }

    /// <summary>How many it stands for; 0 when it only adds to what another way has counted.</summary>
    public long Count { get; init; }
}
