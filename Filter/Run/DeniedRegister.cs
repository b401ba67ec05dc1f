namespace PciBackFlow.Filter.Run;

/// <summary>What policy dropped of a guest's writes to one dword of a function.</summary>
/// <param name="Offset">The dword's offset.</param>
/// <param name="Bits">Every bit that was dropped of some write, in the dword's lanes.</param>
/// <param name="Count">How many writes.</param>
public readonly record struct DeniedRegister(int Offset, uint Bits, long Count);
