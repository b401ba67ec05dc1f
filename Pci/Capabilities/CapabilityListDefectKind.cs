namespace PciBackFlow.Pci.Capabilities;

/// <summary>What can be wrong with a capability list.</summary>
public enum CapabilityListDefectKind
{
    /// <summary>A pointer leads to a capability already seen; the list ends there.</summary>
    Loop,

    /// <summary>
    /// A pointer has low bits set. In the standard list software masks the two low bits (PCI Local Bus 3.0 §6.7) and the walk
    /// goes on with what remains; in the extended list it ends.
    /// </summary>
    Unaligned,

    /// <summary>A pointer leads into the header (standard) or below 0x100 (extended); the list ends.</summary>
    IntoHeader,

    /// <summary>A pointer leads behind the space, or to a header that would cross its end; the list ends.</summary>
    OutOfRange,

    /// <summary>The list goes on where nothing can be read (64 bytes without privilege, or a short capture); it ends there.</summary>
    Truncated,

    /// <summary>A capability's header reads all ones: nothing answers there; the list ends.</summary>
    AllOnes,

    /// <summary>The list has more entries than can lie in the space; it ends.</summary>
    TooMany,
}
