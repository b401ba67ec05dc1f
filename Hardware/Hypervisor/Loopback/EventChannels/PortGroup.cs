using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;

/// <summary>
/// 64 ports of a descriptor and one ready bit for each. A port keeps its group for life, so that a descriptor can
/// grow while other threads set bits. <see cref="Ports"/> belongs to the descriptor's owner.
/// </summary>
internal sealed class PortGroup
{
    internal const int Size = 64;

    private PaddedInt64 _ready;

    /// <summary>Bit n: the port in slot n became pending while unmasked. May be stale; the port's state decides.</summary>
    internal ref long Ready => ref _ready.Value;

    /// <summary>The ports by slot; null where free.</summary>
    internal LoopbackPort?[] Ports { get; } = new LoopbackPort?[Size];

    /// <summary>How many slots are taken.</summary>
    internal int Count { get; set; }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedInt64
    {
        [FieldOffset(64)]
        internal long Value;
    }
}
