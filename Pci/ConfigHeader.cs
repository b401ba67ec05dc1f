namespace PciBackFlow.Pci;

/// <summary>What the header type says about a function's header.</summary>
public static class ConfigHeader
{
    private const byte LayoutMask = 0x7F;

    /// <summary>The layout of a function's header.</summary>
    /// <param name="space">The function.</param>
    /// <returns>The layout; 0x7F when the function does not answer.</returns>
    public static HeaderKind KindOf(IConfigSpace space)
    {
        space.TryRead(ConfigRegisters.HeaderType, 1, out uint value);
        return (HeaderKind)(value & LayoutMask);
    }

    /// <summary>How many base address registers a header has.</summary>
    /// <param name="kind">The layout.</param>
    /// <returns>6, 2, 1 (CardBus: its socket registers) or 0 for a reserved layout.</returns>
    public static int BaseAddressCount(HeaderKind kind) => kind switch
    {
        HeaderKind.Device => 6,
        HeaderKind.Bridge => 2,
        HeaderKind.CardBus => 1,
        _ => 0,
    };

    /// <summary>Where a header keeps its expansion ROM register.</summary>
    /// <param name="kind">The layout.</param>
    /// <returns>The offset; 0 when it has none.</returns>
    public static int ExpansionRomOffset(HeaderKind kind) => kind switch
    {
        HeaderKind.Device => ConfigRegisters.ExpansionRom,
        HeaderKind.Bridge => ConfigRegisters.BridgeExpansionRom,
        _ => 0,
    };

    /// <summary>Where a header keeps the pointer to its first capability.</summary>
    /// <param name="kind">The layout.</param>
    /// <returns>The offset; 0 for a reserved layout.</returns>
    public static int CapabilityPointerOffset(HeaderKind kind) => kind switch
    {
        HeaderKind.Device or HeaderKind.Bridge => ConfigRegisters.CapabilityPointer,
        HeaderKind.CardBus => ConfigRegisters.CardBusCapabilityPointer,
        _ => 0,
    };
}
