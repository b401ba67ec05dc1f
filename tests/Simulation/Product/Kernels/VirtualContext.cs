namespace PciBackFlow.Simulation;

/// <summary>Where what awaits goes on: among those of its process that could go on.</summary>
internal sealed class VirtualContext(VirtualProcess process) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => process.Kernel.Add(process, () => d(state));

    public override void Send(SendOrPostCallback d, object? state) => d(state);
}
