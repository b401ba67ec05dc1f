using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// Linux drivers/pci/xen-pcifront.c, do_pci_op. The guest sleeps in a poll hypercall that an event or its time limit ends; only
/// then does it look at the clock, and only then at the flag. So an answer that comes after 2 s is lost even though it is there,
/// and without any event the slot is taken back after the poll's 3 s.
/// </summary>
public sealed class LinuxFrontend : SimulatedFrontend
{
    private readonly FrontendTiming _timing;
    private long _pollStarted;

    /// <summary>Creates the request path.</summary>
    /// <param name="page">The guest's page.</param>
    /// <param name="channels">The descriptor that the port belongs to.</param>
    /// <param name="port">The guest's own port.</param>
    /// <param name="timing">Its patience; <see cref="FrontendTiming.Linux"/> is the real one.</param>
    public LinuxFrontend(RequestPage page, IEventChannels channels, int port, FrontendTiming timing)
        : base(page, channels, port) => _timing = timing;

    /// <inheritdoc/>
    public override FrontendKind Kind => FrontendKind.Linux;

    /// <inheritdoc/>
    protected override void OnPosted(long now) => _pollStarted = now;

    /// <inheritdoc/>
    protected override FrontendOutcome Wait(long now, bool signalled)
    {
        if (!signalled && now - _pollStarted < _timing.PollTicks)
        {
            return FrontendOutcome.Waiting;
        }

        if (now - PostedAt > _timing.GiveUpTicks)
        {
            return FrontendOutcome.GaveUp;
        }

        _pollStarted = now;
        return Page.IsActive ? FrontendOutcome.Waiting : FrontendOutcome.Answered;
    }
}
