namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>
/// What one domain was given of the machine. Guarded by the lock of the <see cref="LoopbackPassthrough"/>; belongs to one life of a domain id.
/// </summary>
internal sealed class DomainHoldings
{
    internal RangeSet Memory { get; } = new();

    internal RangeSet Ports { get; } = new();

    /// <summary>The lines that it may bind, by GSI.</summary>
    internal SortedSet<int> Lines { get; } = [];

    internal SortedDictionary<int, MappedPirq> Pirqs { get; } = [];

    /// <summary>
    /// Looks for numbers in a row as Xen does (get_free_pirqs): from the highest down, those of the lines left alone.
    /// </summary>
    /// <returns>The lowest of them; 0 when there are not as many.</returns>
    internal int FindFree(int lines, int messages, int count)
    {
        int found = 0;
        for (int number = lines + messages - 1; number >= lines; number--)
        {
            found = Pirqs.ContainsKey(number) ? 0 : found + 1;
            if (found == count)
            {
                return number;
            }
        }

        return 0;
    }
}
