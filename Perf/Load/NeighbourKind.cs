namespace PciBackFlow.Perf.Load;

/// <summary>In which way some of a run's functions are bad neighbours to the others.</summary>
public enum NeighbourKind
{
    /// <summary>They take long to enable.</summary>
    Slow = 0,
}
