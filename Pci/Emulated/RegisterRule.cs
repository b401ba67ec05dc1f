namespace PciBackFlow.Pci.Emulated;

/// <summary>
/// How one register of a function behaves. The legend of every table of these rows: a bit in <paramref name="Writable"/> takes
/// what is written (RW); a bit in <paramref name="ClearedByOne"/> is cleared by writing 1 (RW1C); any other bit is read-only (RO).
/// </summary>
/// <param name="Offset">Offset from the structure the table describes.</param>
/// <param name="Size">1, 2 or 4 bytes.</param>
/// <param name="Writable">RW bits.</param>
/// <param name="ClearedByOne">RW1C bits.</param>
/// <param name="ResetValue">What the RW bits hold after a reset.</param>
public readonly record struct RegisterRule(int Offset, int Size, uint Writable, uint ClearedByOne = 0, uint ResetValue = 0);
