using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Tables;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Compile;

/// <summary>
/// Puts rows of tables together into a map. Every byte gets one owner: the first row that claims it, unless a later one
/// denies it, for a function that lays one capability over another is not to be trusted with either.
/// </summary>
internal sealed class MapBuilder
{
    private readonly List<Placed> _placed = [];
    private readonly short[] _owner;
    private readonly uint[] _open;
    private readonly uint[] _shut;

    internal MapBuilder(int size)
    {
        Size = size;
        _owner = new short[size];
        _owner.AsSpan().Fill(-1);
        _open = new uint[size / 4];
        _shut = new uint[size / 4];
    }

    internal int Size { get; }

    internal List<string> Problems { get; } = [];

    internal List<string> PolicyProblems { get; } = [];

    internal void Place(RegisterDefinition row, int at, int limit)
    {
        int index = _placed.Count;
        _placed.Add(new Placed(row, at));
        bool overlapped = false;
        for (int b = at; b < at + row.Size; b++)
        {
            if (b >= Math.Min(limit, Size))
            {
                Problems.Add($"{row.Name} at 0x{at:x2} is cut off by the end of the space");
                break;
            }

            if (_owner[b] < 0)
            {
                _owner[b] = (short)index;
                continue;
            }

            overlapped = true;
            if (DeniesByte(row, b - at) && !DeniesByte(_placed[_owner[b]].Row, b - _placed[_owner[b]].At))
            {
                _owner[b] = (short)index;
            }
        }

        if (overlapped)
        {
            Problems.Add($"{row.Name} at 0x{at:x2} overlaps another register");
        }
    }

    /// <summary>Gives a row, which lies where its offset says, those of its bytes that nobody owns.</summary>
    internal void Fill(RegisterDefinition row)
    {
        int index = _placed.Count;
        _placed.Add(new Placed(row, row.Offset));
        for (int b = row.Offset; b < Math.Min(row.Offset + row.Size, Size); b++)
        {
            if (_owner[b] < 0)
            {
                _owner[b] = (short)index;
            }
        }
    }

    /// <summary>The row of a name, case ignored; of several the one that comes first in the space.</summary>
    internal bool TryFind(string name, out int at, out int size)
    {
        at = Size;
        size = 0;
        foreach (Placed placed in _placed)
        {
            if (placed.At < at && placed.Row.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                (at, size) = (placed.At, placed.Row.Size);
            }
        }

        return size != 0;
    }

    /// <summary>Opens or shuts bits of one byte; the tables' own rules stay above it.</summary>
    /// <returns>The bits of the byte on which it has an effect.</returns>
    internal uint Decide(int offset, uint mask, bool allow)
    {
        uint bits = ByteLanes.ToDword(mask & 0xFF, offset);
        ConfigDword rule = Dword(offset >> 2, MapSettings.None);
        bits &= allow ? (rule.ByPolicy | Answered(offset >> 2)) & ~rule.Denied & ~rule.EffectMask : ~(rule.EffectMask | rule.Denied);
        _open[offset >> 2] = allow ? _open[offset >> 2] | bits : _open[offset >> 2] & ~bits;
        _shut[offset >> 2] = allow ? _shut[offset >> 2] & ~bits : _shut[offset >> 2] | bits;
        return ByteLanes.FromDword(bits, offset, 1);
    }

    /// <summary>All masks of a dword under a profile's default and what was opened and shut.</summary>
    internal ConfigDword Dword(int dword, MapSettings settings)
    {
        uint isVirtual = 0, shadow = 0, writable = 0, rw1c = 0, denied = 0, byPolicy = 0, effectMask = 0, answered = 0;
        RegisterDefinition? effect = null;
        bool broken = false;
        for (int lane = 0; lane < 4; lane++)
        {
            int b = (dword * 4) + lane;
            uint all = ByteLanes.Lanes(lane, 1);
            if (_owner[b] < 0)
            {
                byPolicy |= all;
                continue;
            }

            (RegisterDefinition row, int at) = _placed[_owner[b]];
            int inRow = b - at;
            isVirtual |= Slice(row.Virtual, inRow, lane);
            shadow |= Slice(row.Shadow, inRow, lane);
            rw1c |= Slice(row.Rw1c, inRow, lane);
            denied |= row.Rule == WriteRule.HardDenied ? all : Slice(row.Denied, inRow, lane);
            if (row.Rule == WriteRule.ByPolicy)
            {
                byPolicy |= all;
            }
            else
            {
                writable |= Slice(row.Writable, inRow, lane);
            }

            answered |= Slice(row.Answered, inRow, lane);

            uint mine = Slice(row.EffectMask, inRow, lane);
            if (mine == 0)
            {
                continue;
            }
            // A field that lost bytes to another, or shares the dword with another field that acts, does not act.
            broken |= (effect is not null && !ReferenceEquals(effect, row)) || !OwnsAll(row, at);
            effect = row;
            effectMask |= mine;
        }

        if (broken)
        {
            return new ConfigDword { Virtual = isVirtual, Shadow = shadow & ~isVirtual, Rw1c = rw1c, Denied = uint.MaxValue };
        }

        // Answered is what no rule has opened: the guest's own then, and nobody's to deny.
        answered &= ~_open[dword];
        isVirtual |= answered;
        byPolicy &= ~isVirtual;
        if ((settings & MapSettings.Permissive) != 0)
        {
            writable |= byPolicy;
        }

        writable = (writable | (_open[dword] & byPolicy)) & ~_shut[dword] & ~denied;
        writable |= answered & ~_shut[dword];
        // A register that the guest may change in hardware is not proven static.
        shadow &= ~isVirtual & ~writable;
        return new ConfigDword
        {
            Virtual = isVirtual,
            Shadow = shadow,
            Writable = writable,
            Rw1c = rw1c,
            Denied = denied,
            ByPolicy = byPolicy,
            Closed = Closed(dword, byPolicy, writable),
            EffectMask = effectMask,
            Effect = effect?.Effect ?? PlanAction.Read,
            Index = effect?.Index ?? 0,
        };
    }

    private uint Answered(int dword)
    {
        uint answered = 0;
        for (int lane = 0; lane < 4; lane++)
        {
            int b = (dword * 4) + lane;
            answered |= _owner[b] < 0 ? 0 : Slice(_placed[_owner[b]].Row.Answered, b - _placed[_owner[b]].At, lane);
        }

        return answered;
    }

    /// <summary>The value policy gives to a dword's virtual bits, where it gives one.</summary>
    /// <returns>The bits it gives.</returns>
    internal uint GivenValue(int dword, out uint value)
    {
        uint given = value = 0;
        for (int lane = 0; lane < 4; lane++)
        {
            int b = (dword * 4) + lane;
            if (_owner[b] < 0 || _placed[_owner[b]].Row is not { Value: uint own } row)
            {
                continue;
            }

            int inRow = b - _placed[_owner[b]].At;
            given |= Slice(row.Virtual, inRow, lane);
            value |= Slice(own & row.Virtual, inRow, lane);
        }

        return given;
    }

    /// <summary>Whether compiling reads the dword: some register in it is known, and none that reading could disturb.</summary>
    internal bool IsReadAtOnce(int dword)
    {
        bool any = false;
        for (int lane = 0; lane < 4; lane++)
        {
            short owner = _owner[(dword * 4) + lane];
            if (owner < 0)
            {
                continue;
            }

            if (!_placed[owner].Row.IsReadAtOnce)
            {
                return false;
            }

            any = true;
        }

        return any;
    }

    /// <summary>The rows as people see them: each run of bytes with one owner; what nobody owns has a row as well.</summary>
    internal List<(RegisterDefinition? Row, int At, int Offset, int Size)> Runs()
    {
        var runs = new List<(RegisterDefinition?, int, int, int)>();
        for (int from = 0; from < Size;)
        {
            int to = from + 1;
            while (to < Size && _owner[to] == _owner[from] && (_owner[from] >= 0 || to is not (ConfigRegisters.HeaderSize or ConfigRegisters.StandardSize)))
            {
                to++;
            }

            runs.Add(_owner[from] < 0 ? (null, from, from, to - from) : (_placed[_owner[from]].Row, _placed[_owner[from]].At, from, to - from));
            from = to;
        }

        return runs;
    }

    // Register by register, as far as they lie in the dword: a rule that opens a bit is a rule for its register.
    private uint Closed(int dword, uint byPolicy, uint writable)
    {
        uint closed = 0;
        for (int lane = 0; lane < 4;)
        {
            short owner = _owner[(dword * 4) + lane];
            uint register = 0;
            for (; lane < 4 && _owner[(dword * 4) + lane] == owner; lane++)
            {
                register |= ByteLanes.Lanes(lane, 1);
            }

            if ((register & writable) == 0)
            {
                closed |= register & byPolicy;
            }
        }

        return closed;
    }

    private static bool DeniesByte(RegisterDefinition row, int inRow)
        => row.Rule == WriteRule.HardDenied || Slice(row.Denied, inRow, 0) != 0;

    // One byte of a row's mask, moved into a lane.
    private static uint Slice(uint mask, int inRow, int lane) => ByteLanes.ToDword(ByteLanes.FromDword(mask, inRow, 1), lane);

    private bool OwnsAll(RegisterDefinition row, int at)
    {
        for (int b = at; b < at + row.Size; b++)
        {
            if (b >= Size || _owner[b] < 0 || !ReferenceEquals(_placed[_owner[b]].Row, row))
            {
                return false;
            }
        }

        return true;
    }

    private readonly record struct Placed(RegisterDefinition Row, int At);
}
