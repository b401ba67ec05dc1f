namespace PciBackFlow.Filter.Run;

/// <summary>A dword whose copy is not what hardware answers.</summary>
/// <param name="Offset">Offset of the dword.</param>
/// <param name="Mask">Bits served from the copy.</param>
/// <param name="Shadow">The copy, under the mask.</param>
/// <param name="Hardware">What hardware answers, under the mask; all ones there when the access failed.</param>
internal readonly record struct ShadowMismatch(int Offset, uint Mask, uint Shadow, uint Hardware);
