using System.Numerics;

namespace PciBackFlow.Pci;

/// <summary>
/// A function's regions when nobody can ask its registers: their addresses from the registers, or from what a system reported where these hold none; their
/// lengths as reported, else 4 KiB of memory and 32 ports. A reported length is never more than the address's own alignment allows. Immutable.
/// </summary>
internal sealed class FunctionRegions
{
    public const int Count = 7;
    public const int Rom = 6;

    private const ulong DefaultMemory = 4096;
    private const ulong DefaultPorts = 32;
    private const ulong MinMemory = 16;
    private const ulong MinPorts = 4;
    private const ulong MinRom = 2048;
    private const uint RomAddress = 0xFFFFF800;

    private readonly BaseAddress[] _regions = new BaseAddress[Count];
    private readonly ulong[] _registerLengths = new ulong[Count];
    private readonly bool[] _isLengthAssumed = new bool[Count];

    private FunctionRegions()
    {
    }

    /// <summary>The regions, indexes 0–5 and 6 (ROM); empty where nothing is implemented, at address 0 where no address is assigned.</summary>
    public BaseAddress[] Regions => _regions;

    /// <summary>What the registers themselves decode: 0 where the function has no register for a region that the system reported.</summary>
    public ReadOnlySpan<ulong> RegisterLengths => _registerLengths;

    /// <summary>Where nobody reported a length.</summary>
    public IReadOnlyList<bool> IsLengthAssumed => _isLengthAssumed;

    /// <summary>Puts registers and reports together.</summary>
    /// <param name="space">The function.</param>
    /// <param name="reported">What a system reported of each index; may be shorter.</param>
    /// <param name="isVirtualFunction">A virtual function's registers are zero and take no write (SR-IOV 1.1 §3.4.1.11).</param>
    public static FunctionRegions Of(IConfigSpace space, ReadOnlySpan<ReportedRegion> reported, bool isVirtualFunction)
    {
        var result = new FunctionRegions();
        HeaderKind kind = ConfigHeader.KindOf(space);
        int count = kind == HeaderKind.CardBus ? 0 : ConfigHeader.BaseAddressCount(kind);
        for (int i = 0; i < count; i++)
        {
            ReportedRegion report = i < reported.Length ? reported[i] : default;
            BaseAddress register = At(space, i, count);
            BaseAddress region = Choose(register, report, isVirtualFunction);
            if (register.Start != 0 || register.Flags != 0 || region.IsFixed || region.Start != 0 || Usable(report.Length) != 0)
            {
                result.Add(i, region, report, region.IsIo ? DefaultPorts : DefaultMemory, region.IsIo ? MinPorts : MinMemory);

                // Zero with type bits that should be there: no such register, only the system's word.
                bool isRegister = !isVirtualFunction && !region.IsFixed && (register != default || region.Flags == 0);
                result._registerLengths[i] = isRegister ? result._regions[i].Length : 0;
            }

            if (region.Is64Bit && i + 1 < count)
            {
                i++;
            }
        }

        int romAt = ConfigHeader.ExpansionRomOffset(kind);
        if (romAt != 0 && space.TryRead(romAt, 4, out uint rom) && !NoAnswer.Is(rom, 4))
        {
            result.AddRom(rom, reported.Length > Rom ? reported[Rom] : default, isVirtualFunction);
        }

        return result;
    }

    /// <summary>A base address register as it is, without a length; empty when it does not answer.</summary>
    /// <param name="space">The function.</param>
    /// <param name="index">0 to 5.</param>
    /// <param name="count">How many there are: the last has no upper half.</param>
    public static BaseAddress At(IConfigSpace space, int index, int count)
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

    // The system's word counts where the register does not say the same: a guest gets what the host has, not what a register holds.
    private static BaseAddress Choose(BaseAddress register, ReportedRegion report, bool isVirtualFunction)
    {
        if (report.Start is not (null or 0) && report.Start != register.Start)
        {
            return new BaseAddress(report.Start.Value, 0, report.Flags ?? register.Flags) { IsFixed = report.IsFixed };
        }

        return register == default || isVirtualFunction ? register with { Flags = report.Flags ?? register.Flags, IsFixed = report.IsFixed } : register;
    }

    private static ulong Usable(ulong length) => BitOperations.IsPow2(length) ? length : 0;

    private void AddRom(uint register, ReportedRegion report, bool isVirtualFunction)
    {
        ulong start = register & RomAddress;
        bool isSystems = report.Start is { } reported && (reported & RomAddress) is not 0 and var address && address != start;
        if (register == 0 && !isSystems && Usable(report.Length) == 0)
        {
            return;
        }

        // A shadowed video BIOS lies where the firmware put it, whatever the register says (Linux arch/x86/pci/fixup.c, pci_fixup_video).
        BaseAddress region = isSystems
            ? new BaseAddress(report.Start!.Value & RomAddress, 0, register & 1) { IsFixed = start == 0 || report.IsFixed }
            : new BaseAddress(start, 0, register & 1);
        Add(Rom, region, report, DefaultMemory, MinRom);
        _registerLengths[Rom] = isVirtualFunction || region.IsFixed ? 0 : _regions[Rom].Length;
    }

    private void Add(int index, BaseAddress region, ReportedRegion report, ulong standard, ulong min)
    {
        ulong length = Usable(report.Length);
        _isLengthAssumed[index] = length == 0;
        if (length == 0)
        {
            length = standard;
        }
        else if (!region.IsFixed)
        {
            // An address always is a multiple of what it decodes. One that no register holds has no such rule: an IDE controller's port 3f6 is one byte.
            ulong alignment = region.Start & (ulong)-(long)region.Start;
            length = Math.Max(min, length);
            length = region.Start == 0 ? length : Math.Min(length, alignment);
        }

        _regions[index] = region with { Length = length };
    }
}
