namespace PciBackFlow.Perf.Frontends;

/// <summary>What a frontend finds when it looks at its page.</summary>
public enum FrontendOutcome
{
    /// <summary>No request is under way, or its answer is not there yet.</summary>
    Waiting = 0,

    /// <summary>The answer was copied in.</summary>
    Answered = 1,

    /// <summary>The frontend lost patience and took the slot back; the answer, if it ever comes, belongs to nobody.</summary>
    GaveUp = 2,
}
