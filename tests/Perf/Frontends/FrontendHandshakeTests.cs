using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Tests.Frontends;

public sealed class FrontendHandshakeTests
{
    // Origin: pcifront_backend_changed of Linux drivers/pci/xen-pcifront.c; NetBSD xpci_backend_changed, which panics on 6 to 8; mini-os pcifront.c.
    [Theory]
    [InlineData(FrontendKind.Linux, 3, 4, FrontendReaction.Connect)]
    [InlineData(FrontendKind.Linux, 4, 4, FrontendReaction.None)]
    [InlineData(FrontendKind.Linux, 3, 2, FrontendReaction.None)]
    [InlineData(FrontendKind.Linux, 4, 7, FrontendReaction.Reconfigure)]
    [InlineData(FrontendKind.Linux, 3, 7, FrontendReaction.Reconfigure)]
    [InlineData(FrontendKind.Linux, 1, 7, FrontendReaction.None)]
    [InlineData(FrontendKind.Linux, 7, 8, FrontendReaction.Connect)]
    [InlineData(FrontendKind.Linux, 4, 8, FrontendReaction.None)]
    [InlineData(FrontendKind.Linux, 4, 5, FrontendReaction.Close)]
    [InlineData(FrontendKind.Linux, 4, 6, FrontendReaction.Close)]
    [InlineData(FrontendKind.Linux, 3, 5, FrontendReaction.None)]
    [InlineData(FrontendKind.Linux, 4, 99, FrontendReaction.None)]
    [InlineData(FrontendKind.NetBsd, 3, 4, FrontendReaction.Connect)]
    [InlineData(FrontendKind.NetBsd, 4, 6, FrontendReaction.Panic)]
    [InlineData(FrontendKind.NetBsd, 4, 7, FrontendReaction.Panic)]
    [InlineData(FrontendKind.NetBsd, 4, 8, FrontendReaction.Panic)]
    [InlineData(FrontendKind.MiniOs, 3, 4, FrontendReaction.Connect)]
    [InlineData(FrontendKind.MiniOs, 4, 7, FrontendReaction.None)]
    [InlineData(FrontendKind.MiniOs, 4, 5, FrontendReaction.None)]
    public void A_frontend_reacts_to_its_backend_as_its_system_does(FrontendKind kind, int own, int backend, FrontendReaction expected) =>
        Assert.Equal(expected, FrontendHandshake.React(kind, own, backend));
}
