namespace PciBackFlow.Backend.Devices.Snapshots;

/// <summary>One register's value as it was.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Size">1, 2 or 4.</param>
/// <param name="Mask">The bits that are kept and restored.</param>
/// <param name="ClearOnOne">Bits beside them that a written 1 clears: always written as 0.</param>
/// <param name="Value">The value, all bits.</param>
public sealed record SavedRegister(string Name, int Offset, int Size, uint Mask, uint ClearOnOne, uint Value);
