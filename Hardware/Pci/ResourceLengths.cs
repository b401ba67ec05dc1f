namespace PciBackFlow.Hardware.Pci;

/// <summary>
/// What base addresses decode when nobody can size them: from the lengths a dump names, else 4 KiB of memory and 32 ports
/// where a register is in use. A named length is never more than the address's own alignment allows.
/// </summary>
internal static class ResourceLengths
{
    public const int Count = 7;
    public const int Rom = 6;

    private const ulong DefaultMemory = 4096;
    private const ulong DefaultPorts = 32;
    private const ulong MinMemory = 16;
    private const ulong MinPorts = 4;
    private const ulong MinRom = 2048;
    private const uint RomAddress = 0xFFFFF800;

    /// <summary>Bytes decoded by indexes 0–5 and 6 (ROM): powers of two, 0 where nothing is implemented.</summary>
    public static ulong[] Resolve(IConfigSpace space, ReadOnlySpan<ulong> named)
    {
        ulong[] lengths = new ulong[Count];
        HeaderKind kind = ConfigHeader.KindOf(space);
        int count = kind == HeaderKind.CardBus ? 0 : ConfigHeader.BaseAddressCount(kind);
        for (int i = 0; i < count; i++)
        {
            BaseAddress bar = At(space, i, count);
            bool implemented = bar.Start != 0 || bar.Flags != 0 || Named(named, i) != 0;
            if (implemented)
            {
                lengths[i] = bar.IsIo ? Fit(Named(named, i), DefaultPorts, MinPorts, bar.Start) : Fit(Named(named, i), DefaultMemory, MinMemory, bar.Start);
            }

            if (bar.Is64Bit)
            {
                i++;
            }
        }

        int romAt = ConfigHeader.ExpansionRomOffset(kind);
        if (romAt != 0 && space.TryRead(romAt, 4, out uint rom) && (rom != 0 || Named(named, Rom) != 0) && !NoAnswer.Is(rom, 4))
        {
            lengths[Rom] = Fit(Named(named, Rom), DefaultMemory, MinRom, rom & RomAddress);
        }

        return lengths;
    }

    /// <summary>The resources those lengths make; empty where nothing is implemented, at address 0 where no address is assigned.</summary>
    public static BaseAddress[] Describe(IConfigSpace space, ReadOnlySpan<ulong> lengths)
    {
        var result = new BaseAddress[Count];
        HeaderKind kind = ConfigHeader.KindOf(space);
        int count = kind == HeaderKind.CardBus ? 0 : ConfigHeader.BaseAddressCount(kind);
        for (int i = 0; i < count; i++)
        {
            BaseAddress bar = At(space, i, count);
            if (lengths[i] != 0)
            {
                result[i] = bar with { Length = lengths[i] };
            }

            if (bar.Is64Bit)
            {
                i++;
            }
        }

        int romAt = ConfigHeader.ExpansionRomOffset(kind);
        if (romAt != 0 && space.TryRead(romAt, 4, out uint rom) && lengths[Rom] != 0 && !NoAnswer.Is(rom, 4))
        {
            result[Rom] = new BaseAddress(rom & RomAddress, lengths[Rom], rom & 1);
        }

        return result;
    }

    private static BaseAddress At(IConfigSpace space, int index, int count)
    {
        int at = ConfigRegisters.BaseAddress0 + 4 * index;
        if (!space.TryRead(at, 4, out uint low) || NoAnswer.Is(low, 4))
        {
            return default;
        }

        if ((low & 1) != 0)
        {
            return new BaseAddress(low & ~3u, 0, low & 3);
        }

        var bar = new BaseAddress(low & ~0xFu, 0, low & 0xF);
        return bar.Is64Bit && index + 1 < count && space.TryRead(at + 4, 4, out uint high)
            ? bar with { Start = bar.Start | ((ulong)high << 32) }
            : bar;
    }

    private static ulong Named(ReadOnlySpan<ulong> named, int index) =>
        index < named.Length && System.Numerics.BitOperations.IsPow2(named[index]) ? named[index] : 0;

    private static ulong Fit(ulong named, ulong standard, ulong min, ulong start)
    {
        if (named == 0)
        {
            return standard;
        }

        ulong length = Math.Max(min, named);
        // An address always is a multiple of what it decodes.
        ulong alignment = start & (ulong)-(long)start;
        return start == 0 ? length : Math.Min(length, alignment);
    }
}
