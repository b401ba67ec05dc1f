namespace PciBackFlow.Pci.Capabilities;

/// <summary>One thing wrong with a function's capability list.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="IsExtended">In which list.</param>
/// <param name="At">Offset of the register that holds the wrong pointer.</param>
/// <param name="Target">The pointer as read, before any masking.</param>
public readonly record struct CapabilityListDefect(CapabilityListDefectKind Kind, bool IsExtended, int At, int Target)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        string what = Kind switch
        {
            CapabilityListDefectKind.Loop => "leads back to a capability already seen",
            CapabilityListDefectKind.Unaligned => "is not a multiple of 4",
            CapabilityListDefectKind.IntoHeader => IsExtended ? "leads below 0x100" : "leads into the header",
            CapabilityListDefectKind.OutOfRange => "leads out of the space",
            CapabilityListDefectKind.Truncated => "leads behind what can be read",
            CapabilityListDefectKind.AllOnes => "leads to a header that reads all ones",
            _ => "follows more capabilities than fit",
        };
        return $"{(IsExtended ? "extended" : "standard")} capability list: pointer 0x{Target:x2} at 0x{At:x2} {what}";
    }
}
