namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// What a guest is shown of a function that it has alone, made of the function's own bytes: without what no guest can use. Deliberately independent of the
/// backend's filter, as all on this side of the wire is. Sources: PCI Express Base 3.0 §7.9.3 (the list), §7.22 (Resizable BAR), §7.23 (ARI), SR-IOV 1.1 §3.3,
/// MR-IOV 1.0 §4.2; the way a list is edited: Linux drivers/vfio/pci/vfio_pci_config.c, vfio_ecap_init.
/// </summary>
internal static class ShownRegisters
{
    private const int HeaderType = 0x0E;
    private const byte MultiFunction = 0x80;
    private const int FirstExtended = 0x100;
    private const int MaxExtended = 480;
    private const uint NextMask = 0xFFF0_0000;

    /// <summary>Leaves out what no guest can use.</summary>
    /// <param name="raw">The function's bytes, as far as they are known.</param>
    /// <returns>The bytes that a guest reads.</returns>
    public static byte[] Of(ReadOnlySpan<byte> raw)
    {
        byte[] shown = raw.ToArray();
        if ((raw[HeaderType] & ~MultiFunction) == 0)
        {
            shown[HeaderType] = 0;
        }

        List<(int At, int Length)> list = Extended(raw);
        int next = 0;
        for (int i = list.Count - 1; i >= 0; i--)
        {
            (int at, int length) = list[i];
            uint header = BitConverter.ToUInt32(shown, at);
            if (length == 0)
            {
                // One behind it may have gone.
                bool isEdited = i + 1 < list.Count && list[i + 1].Length != 0;
                BitConverter.TryWriteBytes(shown.AsSpan(at), isEdited ? (header & ~NextMask) | ((uint)next << 20) : header);
                next = at;
                continue;
            }

            shown.AsSpan(at, Math.Min(length, shown.Length - at)).Clear();
            if (at == FirstExtended)
            {
                BitConverter.TryWriteBytes(shown.AsSpan(at), (uint)next << 20);
            }
        }

        return shown;
    }

    // Each with the length of what is left out; 0 for one that stays.
    private static List<(int At, int Length)> Extended(ReadOnlySpan<byte> raw)
    {
        var found = new List<(int At, int Length)>();
        var seen = new HashSet<int>();
        for (int at = FirstExtended; at >= FirstExtended && at + 4 <= raw.Length && found.Count < MaxExtended && seen.Add(at);)
        {
            uint header = BitConverter.ToUInt32(raw[at..]);
            if (header is 0 or uint.MaxValue)
            {
                break;
            }

            found.Add((at, UnusableLength(raw, at, (int)(header & 0xFFFF))));
            at = (int)(header >> 20) & 0xFFC;
        }

        return found;
    }

    private static int UnusableLength(ReadOnlySpan<byte> raw, int at, int id) => id switch
    {
        0x0E => 8,
        0x10 or 0x11 => 0x40,
        0x15 or 0x24 => 4 + (8 * Math.Max(1, at + 8 < raw.Length ? raw[at + 8] >> 5 : 1)),
        _ => 0,
    };
}
