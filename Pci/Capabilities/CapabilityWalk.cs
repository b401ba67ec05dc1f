namespace PciBackFlow.Pci.Capabilities;

/// <summary>
/// Reads a function's two capability lists, whatever a broken or malicious function puts there: at most 48 standard and 480
/// extended entries, each place once (PCI Local Bus 3.0 §6.7; PCI Express Base 3.0 §7.9).
/// </summary>
public static class CapabilityWalk
{
    /// <summary>Entries of 4 bytes that fit between the header and the end of the conventional space.</summary>
    public const int MaxStandard = (ConfigRegisters.StandardSize - ConfigRegisters.HeaderSize) / 4;

    /// <summary>Entries of 8 bytes that fit into the extended space.</summary>
    public const int MaxExtended = (ConfigRegisters.ExtendedSize - ConfigRegisters.StandardSize) / 8;

    /// <summary>Walks both lists.</summary>
    /// <param name="space">The function; accesses that fail end the list they belong to.</param>
    /// <returns>What was found and what was wrong. Never throws.</returns>
    public static CapabilityList Read(IConfigSpace space)
    {
        var found = new List<PciCapability>();
        var defects = new List<CapabilityListDefect>();
        WalkStandard(space, found, defects);
        if (space.Size >= ConfigRegisters.ExtendedSize)
        {
            WalkExtended(space, found, defects);
        }

        return new CapabilityList(found, defects);
    }

    private static void WalkStandard(IConfigSpace space, List<PciCapability> found, List<CapabilityListDefect> defects)
    {
        int pointerAt = ConfigHeader.CapabilityPointerOffset(ConfigHeader.KindOf(space));
        if (pointerAt == 0
            || !space.TryRead(ConfigRegisters.Status, 2, out uint status) || (status & StatusBits.CapabilityList) == 0
            || !space.TryRead(pointerAt, 1, out uint pointer))
        {
            return;
        }

        bool[] seen = new bool[ConfigRegisters.StandardSize / 4];
        while (pointer != 0)
        {
            if ((pointer & 3) != 0)
            {
                Report(CapabilityListDefectKind.Unaligned);
            }

            int offset = (int)pointer & ~3;
            if (offset == 0)
            {
                return;
            }

            if (offset < ConfigRegisters.HeaderSize)
            {
                Report(CapabilityListDefectKind.IntoHeader);
                return;
            }

            if (seen[offset / 4])
            {
                Report(CapabilityListDefectKind.Loop);
                return;
            }

            // Each of the MaxStandard places is entered once, which bounds the walk.
            seen[offset / 4] = true;
            // A 64-byte space has no place for the list at all; the function's own is 256 bytes long, so this is truncation.
            if (offset + 2 > space.Size || !space.TryRead(offset, 2, out uint header))
            {
                Report(CapabilityListDefectKind.Truncated);
                return;
            }

            if ((header & 0xFF) == 0xFF)
            {
                Report(CapabilityListDefectKind.AllOnes);
                return;
            }

            found.Add(new PciCapability((ushort)(header & 0xFF), offset, 0, false));
            pointerAt = offset + 1;
            pointer = header >> 8;
        }

        void Report(CapabilityListDefectKind kind) => defects.Add(new CapabilityListDefect(kind, false, pointerAt, (int)pointer));
    }

    private static void WalkExtended(IConfigSpace space, List<PciCapability> found, List<CapabilityListDefect> defects)
    {
        bool[] seen = new bool[ConfigRegisters.ExtendedSize / 4];
        int pointerAt = ConfigRegisters.StandardSize;
        int offset = ConfigRegisters.StandardSize;
        for (int count = 0; ; count++)
        {
            if (seen[offset / 4])
            {
                Report(CapabilityListDefectKind.Loop);
                return;
            }

            if (count == MaxExtended)
            {
                Report(CapabilityListDefectKind.TooMany);
                return;
            }

            seen[offset / 4] = true;
            if (!space.TryRead(offset, 4, out uint header))
            {
                Report(CapabilityListDefectKind.Truncated);
                return;
            }

            // Nothing at 0x100 is how a function without the list looks; further on it is a broken one.
            if (header == 0 || NoAnswer.Is(header, 4))
            {
                if (header != 0 && count > 0)
                {
                    Report(CapabilityListDefectKind.AllOnes);
                }

                return;
            }

            found.Add(new PciCapability((ushort)header, offset, (byte)((header >> 16) & 0xF), true));
            pointerAt = offset;
            offset = (int)(header >> 20);
            if (offset == 0)
            {
                return;
            }

            if ((offset & 3) != 0)
            {
                Report(CapabilityListDefectKind.Unaligned);
                return;
            }

            if (offset < ConfigRegisters.StandardSize)
            {
                Report(CapabilityListDefectKind.IntoHeader);
                return;
            }

            // The pointer has 12 bits, so it cannot leave 4096 bytes; only a space of another length can be left.
            if (offset + 4 > space.Size)
            {
                Report(CapabilityListDefectKind.OutOfRange);
                return;
            }
        }

        void Report(CapabilityListDefectKind kind) => defects.Add(new CapabilityListDefect(kind, true, pointerAt, offset));
    }
}
