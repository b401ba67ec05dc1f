namespace PciBackFlow.Pipeline.Tests.Toy;

/// <summary>
/// Numbers the executions of all pages that share it, in their order: those of one engine, so that what a run shows does not depend on earlier ones.
/// </summary>
internal sealed class ToyTurns
{
    private int _taken;

    public int Take() => Interlocked.Increment(ref _taken);
}
