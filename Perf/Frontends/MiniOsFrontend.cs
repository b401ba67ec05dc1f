using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// mini-os pcifront.c: sleeps on a wait queue that only the event handler wakes, without limit. A backend that forgets one
/// notification hangs it for ever.
/// </summary>
public sealed class MiniOsFrontend : SimulatedFrontend
{
    /// <summary>Creates the request path.</summary>
    /// <param name="page">The guest's page.</param>
    /// <param name="channels">The descriptor that the port belongs to.</param>
    /// <param name="port">The guest's own port.</param>
    public MiniOsFrontend(RequestPage page, IEventChannels channels, int port)
        : base(page, channels, port)
    {
    }

    /// <inheritdoc/>
    public override FrontendKind Kind => FrontendKind.MiniOs;

    /// <inheritdoc/>
    protected override FrontendOutcome Wait(long now, bool signalled) =>
        !signalled || Page.IsActive ? FrontendOutcome.Waiting : FrontendOutcome.Answered;
}
