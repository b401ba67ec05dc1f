namespace PciBackFlow.Backend.Running;

/// <summary>When what was refused is tried again: the event that asked for it does not come again.</summary>
internal static class Retry
{
    /// <summary>How long it is left alone: longer than a store that is being restarted usually takes, and no burden where the reason stays.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
}
