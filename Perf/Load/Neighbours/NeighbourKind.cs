namespace PciBackFlow.Perf.Load.Neighbours;

/// <summary>In which way some of a run's functions are bad neighbours to the others.</summary>
public enum NeighbourKind
{
    /// <summary>They take long to enable. Their own guests are to be served all the same.</summary>
    Slow = 0,

    /// <summary>Each of their register accesses takes long. Their own guests are to be served all the same.</summary>
    Access = 1,

    /// <summary>Enabling them hangs, for longer than their guests are waited for: what those miss by that is expected.</summary>
    Hang = 2,

    /// <summary>Their guests signal again and again although they want nothing, beside what they do like all others.</summary>
    Storm = 3,

    /// <summary>Their guests ask by far the most: how often a guest does follows Zipf's law, and the neighbours are its first tenth.</summary>
    Zipf = 4,
}
