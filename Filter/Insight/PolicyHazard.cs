namespace PciBackFlow.Filter.Insight;

/// <summary>Something that a policy lets a guest do to others than itself.</summary>
/// <param name="What">The register and its bits, or the policy's key.</param>
/// <param name="Bits">The bits that are opened, in the register's own lanes; 0 for a key.</param>
/// <param name="Words">What can come of it.</param>
public readonly record struct PolicyHazard(string What, uint Bits, string Words);
