namespace PciBackFlow.Backend.Interrupts;

/// <summary>The interrupts of one guest's function at one moment, for reports.</summary>
/// <param name="Mode">How it interrupts.</param>
/// <param name="Vectors">Messages the guest was given: 0 to 128.</param>
/// <param name="Pirqs">Their numbers in the guest, in the order it asked for them.</param>
/// <param name="Enables">How often messages were enabled.</param>
/// <param name="Failures">How often enabling failed.</param>
public sealed record InterruptState(InterruptMode Mode, int Vectors, IReadOnlyList<int> Pirqs, long Enables, long Failures)
{
    /// <summary>A function of which nothing is known: no interrupts, nothing counted.</summary>
    public static InterruptState None { get; } = new(InterruptMode.None, 0, [], 0, 0);
}
