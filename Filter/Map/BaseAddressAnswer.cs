using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Map;

/// <summary>What one base address register answers.</summary>
/// <param name="Address">The host's own value of the register, low bits included: the low bits alone without an address, 0 when not implemented.</param>
/// <param name="SizeMask">The answer while it is being sized, low bits included.</param>
/// <param name="AddressBits">The bits a sizing write has to set.</param>
/// <param name="Restorable">Whether hardware may be given <paramref name="Address"/> back when it lost it.</param>
public readonly record struct BaseAddressAnswer(uint Address, uint SizeMask, uint AddressBits, bool Restorable)
{
    /// <summary>How many base address registers there are: six BARs and the ROM.</summary>
    public const int Count = 7;

    private const uint MemoryBits = 0xFFFF_FFF0;
    private const uint IoBits = 0xFFFF_FFFC;
    private const uint RomBits = 0xFFFF_F800;

    /// <summary>Whether it decodes I/O ports.</summary>
    public bool IsIo => AddressBits == IoBits;

    /// <summary>The answers of all seven registers (PCI Local Bus 3.0 §6.2.5.1 and §6.2.5.2).</summary>
    /// <param name="resources">The host's resources: 0–5 BARs, 6 ROM.</param>
    /// <param name="isVirtualFunction">A virtual function's registers are zero in hardware and take no write.</param>
    /// <param name="hasRom">Whether the guest has the ROM; if not, its register answers as one that is not implemented.</param>
    /// <returns>Seven answers.</returns>
    public static BaseAddressAnswer[] ForAll(IReadOnlyList<BaseAddress> resources, bool isVirtualFunction, bool hasRom = true)
    {
        var answers = new BaseAddressAnswer[Count];
        for (int index = 0; index < answers.Length; index++)
        {
            BaseAddress own = index < resources.Count ? resources[index] : default;
            bool isRom = index == Count - 1;
            BaseAddress below = !isRom && index > 0 && index - 1 < resources.Count ? resources[index - 1] : default;
            answers[index] = isRom ? Rom(hasRom ? own : default) : below.IsPresent && below.Is64Bit ? UpperHalf(below) : Low(own);
            if (isVirtualFunction)
            {
                answers[index] = answers[index] with { Restorable = false };
            }
        }

        return answers;
    }

    private static bool IsRestorable(BaseAddress resource) => resource is { IsAssigned: true, IsFixed: false };

    private static BaseAddressAnswer Low(BaseAddress bar)
    {
        uint addressBits = bar.IsIo ? IoBits : MemoryBits;
        if (!bar.IsPresent)
        {
            return new(0, 0, addressBits, false);
        }

        uint flags = bar.Flags & ~addressBits;
        return new(((uint)bar.Start & addressBits) | flags, ((uint)(0 - bar.Length) & addressBits) | flags, addressBits, IsRestorable(bar));
    }

    private static BaseAddressAnswer UpperHalf(BaseAddress below)
        => new((uint)(below.Start >> 32), (uint)((0 - below.Length) >> 32), uint.MaxValue, IsRestorable(below));

    private static BaseAddressAnswer Rom(BaseAddress rom)
    {
        if (!rom.IsPresent)
        {
            return new(0, 0, RomBits, false);
        }

        uint enable = rom.Flags & 1;
        return new(((uint)rom.Start & RomBits) | enable, ((uint)(0 - rom.Length) & RomBits) | enable, RomBits, IsRestorable(rom));
    }
}
