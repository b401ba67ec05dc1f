namespace PciBackFlow.Pipeline;

/// <summary>Whose figures an item's passage is timed for.</summary>
[Flags]
internal enum TimedFor : byte
{
    /// <summary>Nobody's: it is not timed.</summary>
    Nobody = 0,

    /// <summary>The shard's own clock.</summary>
    Clock = 1,

    /// <summary>Somebody's who looks for a while.</summary>
    Probe = 2,
}
