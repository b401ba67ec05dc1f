using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>One pirq number in use by a domain. Guarded by the lock of the <see cref="LoopbackPassthrough"/>.</summary>
internal sealed class MappedPirq(int number, LoopbackPirqKind kind, PciAddress? function, int source)
{
    internal int Number { get; } = number;

    internal LoopbackPirqKind Kind { get; } = kind;

    internal PciAddress? Function { get; } = function;

    internal int Source { get; } = source;

    /// <summary>How many were mapped at once, of several the first only.</summary>
    internal int Count { get; init; } = 1;

    /// <summary>False: unmapped, but the guest's side is not closed yet, so that the number is still taken.</summary>
    internal bool IsMapped { get; set; } = true;

    /// <summary>What the guest does on the interrupt; null while it has not bound it.</summary>
    internal Action? Handler { get; set; }

    /// <summary>Raised while it was not bound: a masked message waits in the function's pending bits, a line stays up.</summary>
    internal bool IsPending { get; set; }

    internal LoopbackPirq Describe() => new(Number, Kind, Function, Source, Handler is not null);
}
