namespace PciBackFlow.Perf.Frontends;

/// <summary>One configuration access of a script.</summary>
/// <param name="IsWrite">Write instead of read.</param>
/// <param name="Offset">Aligned offset.</param>
/// <param name="Size">Bytes: 1, 2 or 4.</param>
/// <param name="Value">What is written.</param>
public readonly record struct AccessStep(bool IsWrite, ushort Offset, byte Size, uint Value);
