namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// What a guest's kernel finds out about a function's message interrupts by reading its capabilities (PCI Local Bus
/// 3.0 §6.8), without the backend's help.
/// </summary>
/// <param name="MsiControl">Offset of MSI's Message Control; 0 when it has no MSI.</param>
/// <param name="MsixControl">Offset of MSI-X's Message Control; 0 when it has no MSI-X, or no memory where its table could lie.</param>
/// <param name="MsixEntries">Entries of its MSI-X table, 1 to 2048; 0 without.</param>
public readonly record struct MessageCapabilities(int MsiControl, int MsixControl, int MsixEntries)
{
    private const int FirstPointer = 0x34;
    private const uint HasList = 0x0010;
    private const int MostCapabilities = 48;
    private const uint MsiId = 0x05;
    private const uint MsixId = 0x11;

    /// <summary>Whether it has any.</summary>
    public bool Any => MsiControl != 0 || MsixControl != 0;

    /// <summary>Looks for them.</summary>
    /// <param name="image">The function.</param>
    /// <returns>What was found.</returns>
    public static MessageCapabilities Of(FunctionImage image)
    {
        int msi = 0;
        int msix = 0;
        int entries = 0;
        if (image.Size < 256 || ((image.Dword(4) >> 16) & HasList) == 0)
        {
            return default;
        }

        uint at = image.Dword(FirstPointer) & 0xFC;
        for (int i = 0; i < MostCapabilities && at >= 0x40; i++)
        {
            uint header = image.Dword((int)at);
            if ((header & 0xFF) == MsiId)
            {
                msi = (int)at + 2;
            }
            else if ((header & 0xFF) == MsixId && at <= 0xF4)
            {
                uint place = image.Dword((int)at + 4);
                int index = (int)(place & 7);
                if (index < 6 && image.BaseAddresses[index] is { IsAssigned: true, IsIo: false } region && (place & ~7u) < region.Length)
                {
                    msix = (int)at + 2;
                    entries = (int)((header >> 16) & 0x7FF) + 1;
                }
            }

            at = (header >> 8) & 0xFC;
        }

        return new(msi, msix, entries);
    }
}
