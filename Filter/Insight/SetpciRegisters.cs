namespace PciBackFlow.Filter.Insight;

/// <summary>
/// The header's register names and widths as setpci(8) knows them (<c>setpci --dumpregs</c>), so that what people have in their
/// scripts and fingers works here. Names of the three header types lie side by side.
/// </summary>
internal static class SetpciRegisters
{
    // Name, offset, bytes.
    private static readonly (string Name, ushort Offset, byte Size)[] Table =
    [
        ("VENDOR_ID", 0x00, 2),
        ("DEVICE_ID", 0x02, 2),
        ("COMMAND", 0x04, 2),
        ("STATUS", 0x06, 2),
        ("REVISION", 0x08, 1),
        ("CLASS_PROG", 0x09, 1),
        ("CLASS_DEVICE", 0x0A, 2),
        ("CACHE_LINE_SIZE", 0x0C, 1),
        ("LATENCY_TIMER", 0x0D, 1),
        ("HEADER_TYPE", 0x0E, 1),
        ("BIST", 0x0F, 1),
        ("BASE_ADDRESS_0", 0x10, 4),
        ("BASE_ADDRESS_1", 0x14, 4),
        ("BASE_ADDRESS_2", 0x18, 4),
        ("BASE_ADDRESS_3", 0x1C, 4),
        ("BASE_ADDRESS_4", 0x20, 4),
        ("BASE_ADDRESS_5", 0x24, 4),
        ("CARDBUS_CIS", 0x28, 4),
        ("SUBSYSTEM_VENDOR_ID", 0x2C, 2),
        ("SUBSYSTEM_ID", 0x2E, 2),
        ("ROM_ADDRESS", 0x30, 4),
        ("CAPABILITIES", 0x34, 1),
        ("INTERRUPT_LINE", 0x3C, 1),
        ("INTERRUPT_PIN", 0x3D, 1),
        ("MIN_GNT", 0x3E, 1),
        ("MAX_LAT", 0x3F, 1),

        // PCI-to-PCI bridges.
        ("PRIMARY_BUS", 0x18, 1),
        ("SECONDARY_BUS", 0x19, 1),
        ("SUBORDINATE_BUS", 0x1A, 1),
        ("SEC_LATENCY_TIMER", 0x1B, 1),
        ("IO_BASE", 0x1C, 1),
        ("IO_LIMIT", 0x1D, 1),
        ("SEC_STATUS", 0x1E, 2),
        ("MEMORY_BASE", 0x20, 2),
        ("MEMORY_LIMIT", 0x22, 2),
        ("PREF_MEMORY_BASE", 0x24, 2),
        ("PREF_MEMORY_LIMIT", 0x26, 2),
        ("PREF_BASE_UPPER32", 0x28, 4),
        ("PREF_LIMIT_UPPER32", 0x2C, 4),
        ("IO_BASE_UPPER16", 0x30, 2),
        ("IO_LIMIT_UPPER16", 0x32, 2),
        ("BRIDGE_ROM_ADDRESS", 0x38, 4),
        ("BRIDGE_CONTROL", 0x3E, 2),

        // CardBus bridges.
        ("CB_CARDBUS_BASE", 0x10, 4),
        ("CB_CAPABILITIES", 0x14, 2),
        ("CB_SEC_STATUS", 0x16, 2),
        ("CB_BUS_NUMBER", 0x18, 1),
        ("CB_CARDBUS_NUMBER", 0x19, 1),
        ("CB_SUBORDINATE_BUS", 0x1A, 1),
        ("CB_CARDBUS_LATENCY", 0x1B, 1),
        ("CB_MEMORY_BASE_0", 0x1C, 4),
        ("CB_MEMORY_LIMIT_0", 0x20, 4),
        ("CB_MEMORY_BASE_1", 0x24, 4),
        ("CB_MEMORY_LIMIT_1", 0x28, 4),
        ("CB_IO_BASE_0", 0x2C, 2),
        ("CB_IO_BASE_0_HI", 0x2E, 2),
        ("CB_IO_LIMIT_0", 0x30, 2),
        ("CB_IO_LIMIT_0_HI", 0x32, 2),
        ("CB_IO_BASE_1", 0x34, 2),
        ("CB_IO_BASE_1_HI", 0x36, 2),
        ("CB_IO_LIMIT_1", 0x38, 2),
        ("CB_IO_LIMIT_1_HI", 0x3A, 2),
        ("CB_SUBSYSTEM_VENDOR_ID", 0x40, 2),
        ("CB_SUBSYSTEM_ID", 0x42, 2),
        ("CB_LEGACY_MODE_BASE", 0x44, 4),
    ];

    /// <summary>Finds a register by name, either case.</summary>
    public static bool TryFind(ReadOnlySpan<char> name, out int offset, out int size)
    {
        foreach ((string known, ushort at, byte bytes) in Table)
        {
            if (name.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                (offset, size) = (at, bytes);
                return true;
            }
        }

        (offset, size) = (0, 0);
        return false;
    }
}
