namespace PciBackFlow.Pci.Emulated;

/// <summary>The headers' rows. Base addresses and expansion ROM are not here: their writable bits follow from their sizes.</summary>
internal static class HeaderRules
{
    /// <summary>Both headers (PCI Local Bus 3.0 §6.2).</summary>
    public static readonly RegisterRule[] Common =
    [
        new(ConfigRegisters.Command, 2, CommandBits.Defined),
        new(ConfigRegisters.Status, 2, 0, StatusBits.Errors),
        new(ConfigRegisters.CacheLineSize, 1, 0xFF),
        new(ConfigRegisters.LatencyTimer, 1, 0xFF),
        new(ConfigRegisters.InterruptLine, 1, 0xFF),
    ];

    /// <summary>
    /// What differs in a PCI Express function (PCI Express Base 3.0 §7.5.1): special cycles, MWI, palette snooping, stepping,
    /// fast back-to-back and the latency timer are hardwired to 0.
    /// </summary>
    public static readonly RegisterRule[] PciExpress =
    [
        new(ConfigRegisters.Command, 2,
            CommandBits.Io | CommandBits.Memory | CommandBits.BusMaster | CommandBits.ParityResponse | CommandBits.SystemError
            | CommandBits.InterruptDisable),
        new(ConfigRegisters.LatencyTimer, 1, 0),
    ];

    /// <summary>
    /// What differs in a virtual function (SR-IOV 1.1 §3.4.1.3 to §3.4.1.7): of Command only bus mastering is its own, cache line size, latency timer and
    /// interrupt line are hardwired to 0.
    /// </summary>
    public static readonly RegisterRule[] VirtualFunction =
    [
        new(ConfigRegisters.Command, 2, CommandBits.BusMaster),
        new(ConfigRegisters.CacheLineSize, 1, 0),
        new(ConfigRegisters.LatencyTimer, 1, 0),
        new(ConfigRegisters.InterruptLine, 1, 0),
    ];

    /// <summary>Type 1 (PCI-to-PCI Bridge 1.2 §3.2.5). Upper halves exist where the low nibble says so.</summary>
    public static readonly RegisterRule[] Bridge =
    [
        new(ConfigRegisters.PrimaryBus, 4, 0xFFFFFFFF),
        new(ConfigRegisters.IoBase, 2, 0xF0F0),
        new(ConfigRegisters.SecondaryStatus, 2, 0, StatusBits.Errors),
        new(ConfigRegisters.MemoryBase, 4, 0xFFF0FFF0),
        new(ConfigRegisters.PrefetchableBase, 4, 0xFFF0FFF0),
        new(ConfigRegisters.BridgeControl, 2, 0x0BFF, 0x0400),
    ];

    /// <summary>Type 1 with 64-bit prefetchable windows.</summary>
    public static readonly RegisterRule[] BridgePrefetchable64 =
    [
        new(ConfigRegisters.PrefetchableBaseUpper, 4, 0xFFFFFFFF),
        new(ConfigRegisters.PrefetchableLimitUpper, 4, 0xFFFFFFFF),
    ];

    /// <summary>Type 1 with 32-bit I/O windows.</summary>
    public static readonly RegisterRule[] BridgeIo32 = [new(ConfigRegisters.IoBaseUpper, 4, 0xFFFFFFFF)];
}
