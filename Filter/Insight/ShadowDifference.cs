namespace PciBackFlow.Filter.Insight;

/// <summary>A register, or its part in one dword, whose copy is not what the hardware says. Bits that are not answered from the copy are 0 in both.</summary>
/// <param name="Register">Its name.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Size">Bytes, 1 to 4.</param>
/// <param name="Shadow">What a guest is told.</param>
/// <param name="Hardware">What the hardware says; all ones when the access failed.</param>
public sealed record ShadowDifference(string Register, int Offset, int Size, uint Shadow, uint Hardware);
