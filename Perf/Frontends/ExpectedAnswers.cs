using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// What one guest must read of its function: the source's bytes as far as they are shown, and on top what the guest itself knows of the registers that
/// pciback makes virtual (Linux drivers/xen/xen-pciback/conf_space_header.c): ids, Command, base addresses, interrupt line; and of the power state, which is
/// answered. It follows the guest's own writes. Independent of the backend's filter; allocates nothing after construction. Owned by one client thread.
/// </summary>
public sealed class ExpectedAnswers
{
    // Command bits a read takes from hardware: master, special, MWI, VGA palette, wait, fast back-to-back. All others are the guest's own.
    private const uint CommandHardwareMask = 0x02BC;
    private const uint CommandMaster = 0x0004;
    private const uint CommandInvalidate = 0x0010;

    private const int CommandOffset = 0x04;
    private const int CacheLineOffset = 0x0C;
    private const int FirstBar = 0x10;
    private const int LastBar = 0x24;
    private const int RomOffset = 0x30;
    private const int InterruptOffset = 0x3C;
    private const int HeaderBytes = 64;

    // PMCSR bits 1:0 and 3.
    private const uint PowerAnswer = 0x000B;
    private const uint NoSoftReset = 0x0008;

    // Low bits of an all-ones write that don't matter for sizing: I/O, memory, ROM.
    private const uint IoDontCare = 0x3;
    private const uint MemoryDontCare = 0xF;
    private const uint RomDontCare = 0x7FF;

    private readonly FunctionImage _image;
    private readonly IConfigSpace? _live;
    private readonly uint[] _header = new uint[HeaderBytes / 4];
    private readonly uint[] _headerCare = new uint[HeaderBytes / 4];

    // Bits that come straight from the source's register, and so may change by themselves when real hardware stands behind it.
    private readonly uint[] _headerPassed = new uint[HeaderBytes / 4];

    /// <summary>Creates the expectations of a guest that has just received the function.</summary>
    /// <param name="image">The source.</param>
    /// <param name="live">
    /// Real hardware only: the source itself, read again when an answer differs from the image in bits that hardware owns; null for a capture.
    /// </param>
    public ExpectedAnswers(FunctionImage image, IConfigSpace? live)
    {
        _image = image;
        _live = live;
        Reset();
    }

    /// <summary>Forgets the guest's writes: the function was given out anew.</summary>
    public void Reset()
    {
        for (int i = 0; i < _header.Length; i++)
        {
            _header[i] = i * 4 < _image.Size ? _image.Dword(i * 4) : 0;
            _headerCare[i] = uint.MaxValue;
            _headerPassed[i] = uint.MaxValue;
        }

        SetVirtual(0x00, ((uint)_image.DeviceId << 16) | _image.VendorId, uint.MaxValue);
        SetVirtual(CommandOffset, _header[CommandOffset / 4], 0xFFFF & ~CommandHardwareMask);
        for (int index = 0; index < 6; index++)
        {
            SetVirtual(FirstBar + (index * 4), BarValue(index), uint.MaxValue);
        }

        SetVirtual(RomOffset, BarValue(6), uint.MaxValue);
        SetVirtual(InterruptOffset, _image.InterruptLine, 0xFF);
    }

    /// <summary>Compares a read's answer with what the guest must see.</summary>
    /// <param name="offset">Aligned offset inside the image.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">The answer; bits above the size must be zero.</param>
    /// <returns>Whether it is right.</returns>
    public bool Matches(int offset, int size, uint value)
    {
        Expect(offset, out uint expected, out uint care, out uint passed);
        int shift = (offset & 3) * 8;
        uint lanes = size == 4 ? uint.MaxValue : (1u << (size * 8)) - 1;
        if ((value & ~lanes) != 0)
        {
            return false;
        }

        uint difference = (value ^ (expected >> shift)) & (care >> shift) & lanes;
        if (difference == 0)
        {
            return true;
        }

        // Status, error counters and the like move under real hardware: only what hardware owns may differ, and only as hardware reads now.
        return _live is not null
            && (difference & ~(passed >> shift)) == 0
            && _live.TryRead(offset, size, out uint now)
            && ((value ^ now) & difference) == 0;
    }

    /// <summary>Notes a write of the guest that the backend acknowledged.</summary>
    /// <param name="offset">Aligned offset.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">The value.</param>
    public void Written(int offset, int size, uint value)
    {
        int shift = (offset & 3) * 8;
        uint lanes = (size == 4 ? uint.MaxValue : (1u << (size * 8)) - 1) << shift;
        value <<= shift;
        int dword = offset & ~3;
        if (dword == CommandOffset)
        {
            WriteCommand(value, lanes & 0xFFFF);
        }
        else if (dword == CacheLineOffset)
        {
            WriteCacheLine(value, lanes & 0xFF);
        }
        else if (size == 4 && dword is >= FirstBar and <= LastBar)
        {
            int index = (dword - FirstBar) / 4;
            uint dontCare = IsUpperHalf(index) ? 0 : _image.BaseAddresses[index].IsIo ? IoDontCare : MemoryDontCare;
            WriteBar(dword, index, value, dontCare);
        }
        else if (size == 4 && dword == RomOffset)
        {
            WriteBar(dword, 6, value, RomDontCare);
        }
    }

    /// <summary>A base address register as the guest reads it.</summary>
    /// <param name="index">0–5, or 6 for the ROM.</param>
    /// <returns>The register: the low half with its type bits, or an upper half; 0 when nothing is decoded.</returns>
    public uint BarValue(int index)
    {
        BaseAddress bar = _image.BaseAddresses[index];
        if (IsUpperHalf(index))
        {
            return (uint)(_image.BaseAddresses[index - 1].Start >> 32);
        }

        return bar.IsPresent ? ((uint)bar.Start & AddressBits(index, bar)) | TypeBits(index, bar) : 0;
    }

    private uint BarSizeAnswer(int index)
    {
        BaseAddress bar = _image.BaseAddresses[index];
        if (IsUpperHalf(index))
        {
            return (uint)(unchecked(0 - _image.BaseAddresses[index - 1].Length) >> 32);
        }

        return bar.IsPresent ? ((uint)unchecked(0 - bar.Length) & AddressBits(index, bar)) | TypeBits(index, bar) : 0;
    }

    // A region need not be as long as a register can say: an IDE controller's port 3f6 is one byte.
    private static uint AddressBits(int index, BaseAddress bar) => ~(index == 6 ? RomDontCare : bar.IsIo ? IoDontCare : MemoryDontCare);

    private static uint TypeBits(int index, BaseAddress bar) => bar.Flags & (index == 6 ? 1u : 0xFu);

    private bool IsUpperHalf(int index) =>
        index is > 0 and < 6 && _image.BaseAddresses[index - 1] is { IsPresent: true, IsIo: false, Is64Bit: true };

    private void WriteBar(int dword, int index, uint value, uint dontCare) =>
        _header[dword / 4] = (value | dontCare) == uint.MaxValue ? BarSizeAnswer(index) : BarValue(index);

    private void WriteCommand(uint value, uint lanes)
    {
        uint old = _header[CommandOffset / 4];
        uint own = lanes & (~CommandHardwareMask | CommandMaster | CommandInvalidate);
        _header[CommandOffset / 4] = (old & ~own) | (value & own);
        uint switched = lanes & (CommandMaster | CommandInvalidate);
        if (_live is not null && switched != 0)
        {
            // The source is opened read-only: whether these two follow the guest or the untouched hardware is the source's business.
            _headerCare[CommandOffset / 4] &= ~switched;
        }
    }

    private void WriteCacheLine(uint value, uint lanes)
    {
        if (_image.IsVirtualFunction)
        {
            return;
        }

        _header[CacheLineOffset / 4] = (_header[CacheLineOffset / 4] & ~lanes) | (value & lanes);
        if (_live is not null)
        {
            _headerCare[CacheLineOffset / 4] &= ~lanes;
        }
    }

    private void SetVirtual(int offset, uint value, uint mask)
    {
        int i = offset / 4;
        _header[i] = (_header[i] & ~mask) | (value & mask);
        _headerPassed[i] &= ~mask;
    }

    private void Expect(int offset, out uint expected, out uint care, out uint passed)
    {
        int dword = offset & ~3;
        if (dword < HeaderBytes)
        {
            expected = _header[dword / 4];
            care = _headerCare[dword / 4];
            passed = _headerPassed[dword / 4];
            return;
        }

        expected = _image.Dword(dword);
        care = uint.MaxValue;
        passed = uint.MaxValue;
        int power = _image.PowerManagementOffset;
        if (power != 0 && dword == (power & ~3))
        {
            // PME support (PMC bits 15:11): policy may hide it, because a guest's PME goes nowhere.
            care = ~0xF8000000u;
        }
        else if (power != 0 && dword == (power & ~3) + 4)
        {
            // PME enable: cleared when the function is taken, if policy says so.
            care = ~0x00000100u;

            // The power state is answered, and no guest here writes it: D0, with No_Soft_Reset (QEMU hw/xen/xen_pt_config_init.c).
            expected = (expected & ~PowerAnswer) | NoSoftReset;
            passed = ~PowerAnswer;
        }
    }
}
