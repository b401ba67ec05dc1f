using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Errors;

/// <summary>One error of a function: what all that speaks of it says together.</summary>
/// <param name="Device">The function that reported it, or one below the port that did.</param>
/// <param name="Severity">How bad it is.</param>
public sealed record DeviceError(PciAddress Device, ErrorSeverity Severity)
{
    /// <summary>The names of its status bits, as the kernel has them; empty where nobody said.</summary>
    public IReadOnlyList<string> Bits { get; init; } = [];

    /// <summary>The header of the transaction that failed, four words; null where none was logged.</summary>
    public TlpHeader? Header { get; init; }

    /// <summary>What the kernel made of it.</summary>
    public KernelRecovery Kernel { get; init; }

    /// <summary>Whether the port above reported it: of all functions below, nobody knows which it was.</summary>
    public bool IsOfThePort { get; init; }

    /// <summary>All functions below the same port, the reporting one included, in order: whom a reset of the link hits.</summary>
    public IReadOnlyList<PciAddress> SameLink { get; init; } = [];

    /// <summary>How many it stands for.</summary>
    public long Count { get; init; } = 1;
}
