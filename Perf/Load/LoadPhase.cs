namespace PciBackFlow.Perf.Load;

/// <summary>The parts of a load run, in order.</summary>
public enum LoadPhase
{
    /// <summary>Guests are created and connect.</summary>
    Connect = 0,

    /// <summary>Guests look for their functions.</summary>
    Probe = 1,

    /// <summary>The load runs, nothing is measured yet.</summary>
    WarmUp = 2,

    /// <summary>Everything is measured.</summary>
    Measure = 3,

    /// <summary>Nothing new is sent; answers under way are awaited.</summary>
    Drain = 4,

    /// <summary>The client threads have ended.</summary>
    Done = 5,
}
