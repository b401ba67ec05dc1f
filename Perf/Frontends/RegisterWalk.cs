namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// Which dwords a guest's lister reads, in its order. Deliberately independent of the hardware layer's own walk: it stands on the
/// other side of the wire. Sources: PCI Local Bus 3.0 §6.7, PCI Express Base §7.9; lengths as Linux include/uapi/linux/pci_regs.h.
/// </summary>
internal static class RegisterWalk
{
    private const int HeaderBytes = 64;
    private const int StandardBytes = 256;

    // Enough for every capability that fits (PCI 3.0: 48 of at least 4 bytes; extended: 480 of at least 8).
    private const int MaxStandard = 48;
    private const int MaxExtended = 480;

    /// <summary>Lists aligned dword offsets, each once.</summary>
    /// <param name="raw">The registers, read so far; zero elsewhere.</param>
    /// <param name="all">Whether what no capability covers is listed too, at the end.</param>
    /// <returns>The offsets.</returns>
    public static IReadOnlyList<ushort> List(ReadOnlySpan<byte> raw, bool all)
    {
        var listed = new List<ushort>(raw.Length / 4);
        bool[] seen = new bool[raw.Length / 4];
        Add(listed, seen, 0, Math.Min(HeaderBytes, raw.Length));

        int pointer = First(raw);
        for (int count = 0; count < MaxStandard && IsStandard(pointer, raw.Length); count++)
        {
            if (seen[pointer / 4])
            {
                break;
            }

            Add(listed, seen, pointer, Math.Min(pointer + Length(raw, pointer), Math.Min(StandardBytes, raw.Length)));
            pointer = raw[pointer + 1] & 0xFC;
        }

        pointer = StandardBytes;
        for (int count = 0; count < MaxExtended && pointer >= StandardBytes && pointer + 4 <= raw.Length; count++)
        {
            if (seen[pointer / 4])
            {
                break;
            }

            uint header = BitConverter.ToUInt32(raw[pointer..]);
            Add(listed, seen, pointer, Math.Min(pointer + ExtendedLength((int)(header & 0xFFFF)), raw.Length));
            if (header is 0 or 0xFFFFFFFF)
            {
                break;
            }

            pointer = (int)(header >> 20) & 0xFFC;
        }

        if (all)
        {
            Add(listed, seen, 0, raw.Length);
        }

        return listed;
    }

    /// <summary>Finds the first capability of an id.</summary>
    /// <param name="raw">The registers.</param>
    /// <param name="id">Capability id.</param>
    /// <returns>Its offset; 0 when absent.</returns>
    public static int FindCapability(ReadOnlySpan<byte> raw, int id)
    {
        int pointer = First(raw);
        for (int count = 0; count < MaxStandard && IsStandard(pointer, raw.Length); count++)
        {
            if (raw[pointer] == id)
            {
                return pointer;
            }

            pointer = raw[pointer + 1] & 0xFC;
        }

        return 0;
    }

    // Status bit 4: the list exists. Its first pointer is at 0x34, in CardBus bridges at 0x14.
    private static int First(ReadOnlySpan<byte> raw) =>
        raw.Length < HeaderBytes || (raw[6] & 0x10) == 0 ? 0 : raw[(raw[0x0E] & 0x7F) == 2 ? 0x14 : 0x34] & 0xFC;

    private static bool IsStandard(int pointer, int length) => pointer >= HeaderBytes && pointer + 4 <= Math.Min(StandardBytes, length);

    private static int Length(ReadOnlySpan<byte> raw, int pointer)
    {
        int control = raw[pointer + 2] | (raw[pointer + 3] << 8);
        return raw[pointer] switch
        {
            0x01 => 8,
            0x03 => 8,
            0x05 => 10 + ((control & 0x80) != 0 ? 4 : 0) + ((control & 0x100) != 0 ? 10 : 0),
            0x07 => 8,
            0x09 => Math.Max(4, (int)raw[pointer + 2]),
            0x0D => 8,
            0x10 => (control & 0xF) >= 2 ? 60 : 20,
            0x11 => 12,
            0x13 => 6,
            _ => 4,
        };
    }

    private static int ExtendedLength(int id) => id switch
    {
        0x0001 => 0x48,
        0x0003 => 12,
        0x000D => 8,
        0x000E => 8,
        0x000F => 8,
        0x0010 => 0x40,
        0x0018 => 8,
        0x001E => 16,
        _ => 4,
    };

    private static void Add(List<ushort> listed, bool[] seen, int from, int to)
    {
        for (int offset = from & ~3; offset < to; offset += 4)
        {
            if (!seen[offset / 4])
            {
                seen[offset / 4] = true;
                listed.Add((ushort)offset);
            }
        }
    }
}
