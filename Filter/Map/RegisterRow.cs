namespace PciBackFlow.Filter.Map;

/// <summary>One register of a function as people know it: what explains an access.</summary>
/// <param name="Name">Its name, unique in the function: <c>PCIe Device Control</c>; of equal names the later carry their offset.</param>
/// <param name="Offset">First byte in the configuration space.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Rule">Who decides about writes.</param>
/// <param name="Text">The rule for people, one line, with the policy that decides.</param>
/// <param name="Source">Where the rule comes from: specification and section, XSA number, policy file.</param>
/// <param name="Allowable">Bits that a policy rule could still open, in the register's own lanes (of its first dword when it is longer).</param>
/// <param name="IsNamed">Whether a policy rule can name it; false for space that no register claims and for the later of two equal names.</param>
public sealed record RegisterRow(string Name, int Offset, int Size, WriteRule Rule, string Text, string Source, uint Allowable, bool IsNamed)
{
    /// <summary>Whether the row covers any byte of a range.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="size">Bytes.</param>
    /// <returns>True when they intersect.</returns>
    public bool Intersects(int offset, int size) => Offset < offset + size && offset < Offset + Size;
}
