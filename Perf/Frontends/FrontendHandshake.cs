namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// The frontends' reaction to their backend's <c>state</c>, as a pure function. Linux: pcifront_backend_changed of
/// drivers/pci/xen-pcifront.c; NetBSD: xpci_backend_changed; mini-os: pcifront_scan and shutdown_pcifront.
/// </summary>
public static class FrontendHandshake
{
    private const int Initialised = 3;
    private const int Connected = 4;
    private const int Closing = 5;
    private const int Closed = 6;
    private const int Reconfiguring = 7;
    private const int Reconfigured = 8;

    /// <summary>What the frontend does.</summary>
    /// <param name="kind">Whose frontend.</param>
    /// <param name="own">Its own state, 0 to 8.</param>
    /// <param name="backend">The backend's state as just read; unknown numbers are ignored.</param>
    /// <returns>The reaction.</returns>
    public static FrontendReaction React(FrontendKind kind, int own, int backend) => (kind, backend, own) switch
    {
        (_, Connected, Initialised) => FrontendReaction.Connect,
        (FrontendKind.NetBsd, Closed or Reconfiguring or Reconfigured, _) => FrontendReaction.Panic,
        (FrontendKind.Linux, Reconfiguring, Connected or Initialised) => FrontendReaction.Reconfigure,
        (FrontendKind.Linux, Reconfigured, Reconfiguring) => FrontendReaction.Connect,
        (FrontendKind.Linux or FrontendKind.NetBsd, Closing, Connected) => FrontendReaction.Close,
        (FrontendKind.Linux, Closed, Connected) => FrontendReaction.Close,
        _ => FrontendReaction.None,
    };
}
