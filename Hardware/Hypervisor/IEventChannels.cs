namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>
/// One event-channel descriptor, as <c>/dev/xen/evtchn</c> gives it: many ports, one read delivers those that were
/// signalled and masks them, one write unmasks many. <see cref="Notify"/> and <see cref="Wake"/> may be called by any
/// thread; everything else by the descriptor's owner.
/// </summary>
public interface IEventChannels : IDisposable
{
    /// <summary>Binds a local port to an unbound port of another domain. Expect one event right after binding.</summary>
    /// <param name="domainId">The other domain.</param>
    /// <param name="remotePort">Its port.</param>
    /// <returns>The local port.</returns>
    /// <exception cref="HypervisorException">ESRCH: no such domain; EINVAL: no such port, bound already, or not offered to this domain.</exception>
    int BindInterdomain(int domainId, int remotePort);

    /// <summary>Allocates a port that another domain may bind to.</summary>
    /// <param name="remoteDomainId">The domain that may bind.</param>
    /// <returns>The local port.</returns>
    /// <exception cref="HypervisorException">ENOSPC: no free port.</exception>
    int AllocateUnbound(int remoteDomainId);

    /// <summary>Unbinds a port and forgets its pending events. Unknown ports are ignored.</summary>
    /// <param name="port">The local port.</param>
    void Unbind(int port);

    /// <summary>Signals the other side. Never throws, never allocates.</summary>
    /// <param name="port">The local port.</param>
    /// <returns>
    /// Whether there was a channel to signal on: false for a port that is not bound on this descriptor, or no longer. An other side that is gone is no
    /// failure, as Xen drops the signal without a word.
    /// </returns>
    bool Notify(int port);

    /// <summary>Delivers signalled ports, which stay masked until <see cref="Unmask"/>.</summary>
    /// <param name="ports">Receives the ports.</param>
    /// <param name="timeoutMilliseconds">0 returns at once; -1 blocks without limit.</param>
    /// <returns>How many were delivered; 0 after the time ran out or a <see cref="Wake"/>. A wake-up that comes with ports is used up by them.</returns>
    int Read(Span<int> ports, int timeoutMilliseconds);

    /// <summary>Unmasks delivered ports; what was signalled meanwhile is delivered again.</summary>
    /// <param name="ports">Local ports; unknown ones are ignored.</param>
    void Unmask(ReadOnlySpan<int> ports);

    /// <summary>Makes a blocked (or the next) <see cref="Read"/> return, through a port bound to this domain itself.</summary>
    void Wake();
}
