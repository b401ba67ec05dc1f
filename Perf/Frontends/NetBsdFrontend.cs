using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// NetBSD sys/arch/xen/xen/xpci_xenbus.c: spins on the flag and clears its event while doing so, without any time limit. Its
/// configuration accesses are four bytes wide, always: the scripts for it are built so.
/// </summary>
public sealed class NetBsdFrontend : SimulatedFrontend
{
    /// <summary>Creates the request path.</summary>
    /// <param name="page">The guest's page.</param>
    /// <param name="channels">The descriptor that the port belongs to.</param>
    /// <param name="port">The guest's own port.</param>
    public NetBsdFrontend(RequestPage page, IEventChannels channels, int port)
        : base(page, channels, port)
    {
    }

    /// <inheritdoc/>
    public override FrontendKind Kind => FrontendKind.NetBsd;

    /// <inheritdoc/>
    protected override FrontendOutcome Wait(long now, bool signalled) =>
        Page.IsActive ? FrontendOutcome.Waiting : FrontendOutcome.Answered;
}
