namespace PciBackFlow.Simulation;

/// <summary>Numbers that follow from a seed alone (SplitMix64), on every machine and framework.</summary>
internal sealed class SeededRandom(long seed)
{
    private ulong _state = (ulong)seed * 0x9E3779B97F4A7C15UL;

    public ulong NextBits()
    {
        ulong z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to below a limit.</summary>
    public int Next(int limit) => (int)(NextBits() % (ulong)limit);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Next(times) == 0;

    public T Pick<T>(IReadOnlyList<T> of) => of[Next(of.Count)];
}
