namespace PciBackFlow.Filter.Insight;

/// <summary>Bits of a register that a policy opens and the default does not.</summary>
/// <param name="Register">The register's name, as <c>explain</c> prints it.</param>
/// <param name="Offset">Where the bits lie in the space: the dword's first byte, or the register's.</param>
/// <param name="Bits">The bits, counted from there.</param>
public readonly record struct PolicyOpening(string Register, int Offset, uint Bits);
