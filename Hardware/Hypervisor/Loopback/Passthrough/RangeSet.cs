namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>A set of numbers as sorted, merged ranges: Xen's rangeset. Guarded by its owner.</summary>
internal sealed class RangeSet
{
    // Inclusive ends: a range may reach the last number there is.
    private readonly List<(ulong First, ulong Last)> _ranges = [];

    internal bool IsEmpty => _ranges.Count == 0;

    internal void Add(ulong first, ulong last)
    {
        int at = 0;
        while (at < _ranges.Count && _ranges[at].Last < first && _ranges[at].Last + 1 != first)
        {
            at++;
        }

        // All that overlap or touch become one.
        while (at < _ranges.Count && (last == ulong.MaxValue || _ranges[at].First <= last + 1))
        {
            first = Math.Min(first, _ranges[at].First);
            last = Math.Max(last, _ranges[at].Last);
            _ranges.RemoveAt(at);
        }

        _ranges.Insert(at, (first, last));
    }

    internal void Remove(ulong first, ulong last)
    {
        for (int i = _ranges.Count - 1; i >= 0; i--)
        {
            (ulong start, ulong end) = _ranges[i];
            if (end < first || start > last)
            {
                continue;
            }

            _ranges.RemoveAt(i);
            if (end > last)
            {
                _ranges.Insert(i, (last + 1, end));
            }

            if (start < first)
            {
                _ranges.Insert(i, (start, first - 1));
            }
        }
    }

    internal LoopbackRange[] ToArray()
    {
        var copy = new LoopbackRange[_ranges.Count];
        for (int i = 0; i < copy.Length; i++)
        {
            copy[i] = new(_ranges[i].First, _ranges[i].Last - _ranges[i].First + 1);
        }

        return copy;
    }
}
