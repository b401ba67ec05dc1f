namespace PciBackFlow.Pci.Emulated;

/// <summary>One access that reached an emulated function.</summary>
/// <param name="IsWrite">Write or read.</param>
/// <param name="Offset">Offset.</param>
/// <param name="Size">1, 2 or 4.</param>
/// <param name="Value">What was written, or what was answered.</param>
public readonly record struct RecordedAccess(bool IsWrite, int Offset, int Size, uint Value);
