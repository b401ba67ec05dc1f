namespace PciBackFlow.Pci.Captures;

/// <summary>
/// The ports of an IDE controller's channels in compatibility mode (PCI IDE Controller Specification 1.0 §2.1). Its registers do not hold them; every
/// Linux reports them (drivers/pci/probe.c, pci_setup_device), while lspci prints them without their low bits, and up to 3.6 as memory.
/// </summary>
internal static class LegacyIde
{
    private const uint IdeClass = 0x0101;
    private const uint IoFlag = 1;

    // Programming interface: whether a channel is in native mode.
    private static readonly (uint NativeMode, int Index, ulong Start, ulong Length)[] Ports =
    [
        (0x01, 0, 0x1F0, 8),
        (0x01, 1, 0x3F6, 1),
        (0x04, 2, 0x170, 8),
        (0x04, 3, 0x376, 1),
    ];

    /// <summary>Puts the ports of such a controller in their places; leaves every other function's regions alone.</summary>
    public static void Report(IConfigSpace space, Span<ReportedRegion> regions)
    {
        if (ConfigHeader.KindOf(space) != HeaderKind.Device
            || !space.TryRead(ConfigRegisters.ClassCode + 1, 2, out uint kind) || kind != IdeClass
            || !space.TryRead(ConfigRegisters.ClassCode, 1, out uint programming))
        {
            return;
        }

        foreach ((uint nativeMode, int index, ulong start, ulong length) in Ports)
        {
            if ((programming & nativeMode) == 0)
            {
                regions[index] = new ReportedRegion(length, start, IoFlag) { IsFixed = true };
            }
        }
    }
}
