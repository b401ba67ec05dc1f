namespace PciBackFlow.Perf.Load;

/// <summary>
/// Whose turn is next where few are busy and many are not: the guest of rank r is chosen 1/r times as often as the first (Zipf's law with exponent 1). By
/// Walker's alias method: one look into a table for each choice. Owned by one client thread; the same choices in each run.
/// </summary>
internal sealed class ZipfChoice
{
    private readonly double[] _share;
    private readonly int[] _alias;
    private ulong _state = 0x9E3779B97F4A7C15;

    /// <param name="count">How many there are.</param>
    internal ZipfChoice(int count)
    {
        _share = new double[count];
        _alias = new int[count];
        double sum = 0;
        for (int rank = 0; rank < count; rank++)
        {
            sum += 1.0 / (rank + 1);
        }

        // Each column holds one rank's share of it and, above, one other's that has more than a column full.
        var small = new Stack<int>();
        var large = new Stack<int>();
        for (int rank = 0; rank < count; rank++)
        {
            _share[rank] = count / (sum * (rank + 1));
            _alias[rank] = rank;
            (_share[rank] < 1 ? small : large).Push(rank);
        }

        while (small.Count != 0 && large.Count != 0)
        {
            int low = small.Pop();
            int high = large.Pop();
            _alias[low] = high;
            _share[high] -= 1 - _share[low];
            (_share[high] < 1 ? small : large).Push(high);
        }
    }

    /// <summary>Chooses.</summary>
    /// <returns>A rank, from 0.</returns>
    internal int Next()
    {
        // xorshift64* (Marsaglia 2003, Vigna 2016).
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        ulong random = _state * 0x2545F4914F6CDD1D;
        int column = (int)(((UInt128)random * (ulong)_share.Length) >> 64);

        // The number's high bits say which column, its low ones how high in it.
        double height = (random & 0xFFFFFF) / (double)0x1000000;
        return height < _share[column] ? column : _alias[column];
    }
}
