namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>
/// Numbers from a seed, the same on every machine and every runtime (SplitMix64), so that a seed found years ago still replays.
/// </summary>
internal sealed class SeededRandom(long seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>A number from 0 to one below the bound.</summary>
    internal int Next(int bound) => (int)(NextWord() % (ulong)bound);

    private ulong NextWord()
    {
        ulong mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
