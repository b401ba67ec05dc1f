using System.Runtime.CompilerServices;
using PciBackFlow.Filter.Compile;

namespace PciBackFlow.Filter.Map;

/// <summary>
/// A function's permissions, compiled: per dword what is virtual, writable, denied or has a side effect. Immutable, without the
/// values themselves, so that functions of the same kind under the same policy share one (<see cref="ConfigSpaceMapCache"/>).
/// Stored as a palette of distinct dwords and one index per dword: most dwords of a 4 KiB space are equal.
/// </summary>
public sealed class ConfigSpaceMap : IEquatable<ConfigSpaceMap>
{
    private readonly ushort[] _index;
    private readonly ConfigDword[] _palette;
    private readonly RegisterRow[] _rows;
    private readonly int _hash;

    internal ConfigSpaceMap(ReadOnlySpan<ConfigDword> dwords, RegisterRow[] rows, MapSettings settings)
    {
        var seen = new Dictionary<ConfigDword, ushort>();
        var hash = default(HashCode);
        _index = new ushort[dwords.Length];
        for (int i = 0; i < dwords.Length; i++)
        {
            if (!seen.TryGetValue(dwords[i], out ushort kind))
            {
                seen.Add(dwords[i], kind = (ushort)seen.Count);
            }

            _index[i] = kind;
            hash.Add(kind);
        }

        _palette = new ConfigDword[seen.Count];
        foreach ((ConfigDword dword, ushort kind) in seen)
        {
            _palette[kind] = dword;
            hash.Add(HashCode.Combine(kind, dword));
        }

        _rows = rows;
        foreach (RegisterRow row in rows)
        {
            hash.Add(row);
        }

        Settings = settings;
        hash.Add(settings);
        _hash = hash.ToHashCode();
    }

    /// <summary>Length of the space in bytes.</summary>
    public int Size => _index.Length * 4;

    /// <summary>What of the policy the side effects ask for.</summary>
    public MapSettings Settings { get; }

    /// <summary>All registers, by offset; they cover the space without gap or overlap.</summary>
    public IReadOnlyList<RegisterRow> Rows => _rows;

    /// <summary>Bytes this map occupies, rows' texts not counted (they are shared constants for the most part).</summary>
    public int FootprintBytes => (_index.Length * sizeof(ushort)) + (_palette.Length * Unsafe.SizeOf<ConfigDword>()) + (_rows.Length * (IntPtr.Size + 64));

    /// <summary>The dword at an index.</summary>
    /// <param name="dword">Offset ÷ 4; inside the space.</param>
    /// <returns>What is known about it.</returns>
    public ref readonly ConfigDword this[int dword] => ref _palette[_index[dword]];

    /// <summary>
    /// Where the field of a side effect lies, for effects that occur once in a function. Looks through the
    /// palette's indexes: not for each request.
    /// </summary>
    /// <param name="effect">The side effect.</param>
    /// <returns>The field's offset; -1 when the function has none.</returns>
    public int OffsetOf(PlanAction effect)
    {
        for (int dword = 0; dword < _index.Length; dword++)
        {
            ref readonly ConfigDword candidate = ref this[dword];
            if (candidate.EffectMask == 0 || candidate.Effect != effect)
            {
                continue;
            }

            ByteLanes.Field(candidate.EffectMask, out int lane, out _);
            return (dword * 4) + lane;
        }

        return -1;
    }

    /// <summary>The registers that an access touches, by offset. For people: allocates.</summary>
    /// <param name="offset">First byte; may lie outside.</param>
    /// <param name="size">Bytes.</param>
    /// <returns>The rows; none outside the space.</returns>
    public IReadOnlyList<RegisterRow> RowsAt(int offset, int size)
    {
        var found = new List<RegisterRow>();
        foreach (RegisterRow row in _rows)
        {
            if (row.Intersects(offset, size))
            {
                found.Add(row);
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public bool Equals(ConfigSpaceMap? other)
        => other is not null && (ReferenceEquals(this, other)
            || (_hash == other._hash && Settings == other.Settings && _index.AsSpan().SequenceEqual(other._index)
                && _palette.AsSpan().SequenceEqual(other._palette) && _rows.AsSpan().SequenceEqual(other._rows)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ConfigSpaceMap);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;
}
