using System.Numerics;
using PciBackFlow.Filter.Map;

namespace PciBackFlow.Filter.Run;

/// <summary>
/// The state one guest has in one function: the values it reads from memory, the base addresses' sizing accumulators, the enable
/// count, which registers were warned about. Plain words in memory that does not move, its own or given (a mapped file), so that
/// plain stores outlive a kill. Owned by the thread that owns the guest's request.
/// </summary>
public sealed unsafe class VirtualRegisters
{
    private const int FlagWords = 1;

    // Whose memory it is, so that it lives as long as this.
    private readonly object _owner;
    private readonly uint* _words;

    /// <summary>Registers in memory of their own.</summary>
    /// <param name="configSize">Length of the space in bytes: 64, 256 or 4096.</param>
    public VirtualRegisters(int configSize)
    {
        ConfigSize = configSize;
        uint[] own = GC.AllocateArray<uint>(WordsFor(configSize), pinned: true);
        _owner = own;
        fixed (uint* words = own)
        {
            _words = words;
        }
    }

    /// <summary>Registers in given memory, which keeps what it holds; call <see cref="Reset"/> for a new guest.</summary>
    /// <param name="configSize">Length of the space in bytes: 64, 256 or 4096.</param>
    /// <param name="memory"><see cref="WordsFor"/> words, 4-byte aligned, valid and unmoved as long as <paramref name="owner"/> lives.</param>
    /// <param name="owner">Whose memory it is; kept alive.</param>
    public VirtualRegisters(int configSize, uint* memory, object owner)
    {
        ConfigSize = configSize;
        _words = memory;
        _owner = owner;
    }

    /// <summary>Length of the space in bytes.</summary>
    public int ConfigSize { get; }

    /// <summary>All words, to compare or to save. Layout: values, accumulators, flags, bytes seen, bytes warned about (4 bits per dword each).</summary>
    public Span<uint> Words => new(_words, WordsFor(ConfigSize));

    /// <summary>One value per dword: what the guest reads where memory answers; elsewhere what it saw last.</summary>
    public Span<uint> Values => new(_words, ConfigSize / 4);

    /// <summary>Whether the guest has enabled the function through Command.</summary>
    public bool IsEnabled
    {
        get => (_words[FlagsAt] & 1) != 0;
        set => _words[FlagsAt] = ByteLanes.Merge(_words[FlagsAt], value ? 1u : 0, 1);
    }

    /// <summary>
    /// Whether the guest was told of messages that were enabled for it, and not yet that they are disabled. Set before it can see the answer: what a killed
    /// daemon enabled and never answered is not the guest's.
    /// </summary>
    public bool KnowsMessages
    {
        get => (_words[FlagsAt] & 2) != 0;
        set => _words[FlagsAt] = ByteLanes.Merge(_words[FlagsAt], value ? 2u : 0, 2);
    }

    /// <summary>The last value of the Command register that the guest wrote; the host's own before that.</summary>
    public ushort Command
    {
        get => (ushort)(_words[FlagsAt] >> 16);
        set => _words[FlagsAt] = ByteLanes.Merge(_words[FlagsAt], (uint)value << 16, 0xFFFF_0000);
    }

    private int FlagsAt => (ConfigSize / 4) + BaseAddressAnswer.Count;

    private int SeenAt => FlagsAt + FlagWords;

    private int WarnedAt => SeenAt + (ConfigSize / 32);

    /// <summary>How many 32-bit words a space of this length needs.</summary>
    /// <param name="configSize">64, 256 or 4096.</param>
    /// <returns>Words.</returns>
    public static int WordsFor(int configSize)
        => (configSize / 4) + BaseAddressAnswer.Count + FlagWords + (configSize / 32) + (configSize / 32);

    /// <summary>The value of a dword.</summary>
    /// <param name="dword">Offset ÷ 4; inside the space.</param>
    public ref uint this[int dword] => ref _words[dword];

    /// <summary>The sizing accumulator of a base address: the bytes written since the last whole dword, merged into it.</summary>
    /// <param name="index">0 to 6.</param>
    public ref uint Accumulator(int index) => ref _words[(ConfigSize / 4) + index];

    /// <summary>Notes what hardware answered: later writes are compared with it.</summary>
    /// <param name="offset">Aligned offset.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">The value.</param>
    /// <param name="memory">The dword's bits that memory answers and that are left alone.</param>
    public void Observe(int offset, int size, uint value, uint memory)
    {
        int dword = offset >> 2;
        uint lanes = ByteLanes.Lanes(offset, size);
        _words[dword] = ByteLanes.Merge(_words[dword], ByteLanes.ToDword(value, offset), lanes & ~memory);
        _words[SeenAt + (dword >> 3)] |= ((1u << size) - 1) << (((dword & 7) * 4) + (offset & 3));
    }

    /// <summary>The bytes of a dword whose hardware value was seen.</summary>
    /// <param name="dword">Offset ÷ 4.</param>
    /// <returns>Whole bytes, in the dword's lanes.</returns>
    public uint Seen(int dword)
    {
        uint bits = (_words[SeenAt + (dword >> 3)] >> ((dword & 7) * 4)) & 0xF;
        // Bit n to bit 8n, then each to a whole byte; the four partial products do not overlap in the kept bits.
        return ((bits * 0x0020_4081) & 0x0101_0101) * 0xFF;
    }

    /// <summary>Marks bytes of a dword as warned about. Bytes, because registers of one dword are told apart.</summary>
    /// <param name="offset">Any offset in the dword; inside the space.</param>
    /// <param name="bits">What was dropped, in the dword's lanes.</param>
    /// <returns>True when one of its bytes is marked the first time for this guest.</returns>
    public bool TryMarkWarned(int offset, uint bits)
    {
        int dword = offset >> 2;
        ref uint word = ref _words[WarnedAt + (dword >> 3)];
        // Bit 8n to bit n: what Seen spreads, gathered.
        uint bytes = ByteLanes.WholeBytes(bits) & 0x0101_0101;
        uint marks = ((bytes | (bytes >> 7) | (bytes >> 14) | (bytes >> 21)) & 0xF) << ((dword & 7) * 4);
        bool first = (word & marks) != marks;
        word |= marks;
        return first;
    }

    /// <summary>How many distinct dwords were warned about.</summary>
    public int WarnedCount
    {
        get
        {
            int count = 0;
            for (int i = WarnedAt; i < WordsFor(ConfigSize); i++)
            {
                uint any = _words[i] | (_words[i] >> 1);
                count += BitOperations.PopCount((any | (any >> 2)) & 0x1111_1111);
            }

            return count;
        }
    }

    /// <summary>Forgets the guest: every word as a compiled function starts with.</summary>
    /// <param name="initial">The initial state of the function these registers belong to.</param>
    public void Reset(InitialRegisters initial)
    {
        Words.Clear();
        initial.Values.CopyTo(Values);
        Command = (ushort)initial.Values[1];
        initial.Seen.CopyTo(new Span<uint>(_words + SeenAt, ConfigSize / 32));
    }
}
