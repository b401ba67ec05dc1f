using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Sources;

/// <summary>One function of a source, opened on demand: each call gives an instance with registers of its own.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Kind">Its header's layout.</param>
/// <param name="Description">What a dump or the host says it is, or empty.</param>
/// <param name="Open">Opens it; the caller disposes it.</param>
internal sealed record SourceFunction(PciAddress Address, HeaderKind Kind, string Description, Func<IPciFunction> Open)
{
    /// <summary>Base class 06h: host, ISA and other bridges. Most have a device's header, but no guest is given one.</summary>
    public const uint BridgeClass = 0x06;

    /// <summary>Bits 23:16 of the class code.</summary>
    public uint BaseClass { get; init; }

    /// <summary>What a capture does not say about it, one line each; empty for a function of this host.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>How many of its regions something is assumed of; 0 for a function of this host.</summary>
    public int Assumptions { get; init; }

    /// <summary>That a capture is shorter than the function's space, in words; null when it is not, and for a function of this host.</summary>
    public string? Shortness { get; init; }
}
