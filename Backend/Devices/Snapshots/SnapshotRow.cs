namespace PciBackFlow.Backend.Devices.Snapshots;

/// <summary>A register that a reset loses and a restore has to bring back.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Offset">From the capability's start; from 0 in the header.</param>
/// <param name="Size">1, 2 or 4: exactly the access that is made.</param>
/// <param name="Mask">The bits that are kept and restored.</param>
/// <param name="ClearOnOne">Bits beside them that a written 1 clears.</param>
internal readonly record struct SnapshotRow(string Name, int Offset, int Size, uint Mask, uint ClearOnOne = 0);
