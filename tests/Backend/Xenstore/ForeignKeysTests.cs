using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Grants;

namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>X8, XSA-361: keys that are numbers, but of a page or a channel that this daemon may not have.</summary>
public sealed class ForeignKeysTests
{
    [Theory]
    [InlineData("a page that is no longer granted", "pci-op-ref")]
    [InlineData("a page granted to another guest", "pci-op-ref")]
    [InlineData("a channel for another guest", "event-channel")]
    [InlineData("a channel that is bound already", "event-channel")]
    [InlineData("a channel that was closed", "event-channel")]
    public void What_is_not_offered_to_the_backend_closes_this_guest_and_touches_no_other(string what, string key)
    {
        using Bench bench = new();
        using SmallFrontend good = bench.Connect(8, Bench.HostB);
        using SmallFrontend bad = bench.Offer(7, Bench.HostA);
        LoopbackHypervisor view = bench.Host.ViewOf(7);
        using IEventChannels channels = view.OpenEventChannels();
        GrantedPage? page = null;
        switch (what)
        {
            case "a page that is no longer granted":
                GrantedPage revoked = view.Grant(0);
                bad.Write(key, $"{revoked.Reference}");
                revoked.Dispose();
                break;
            case "a page granted to another guest":
                page = view.Grant(8);
                bad.Write(key, $"{page.Reference}");
                break;
            case "a channel for another guest":
                bad.Write(key, $"{channels.AllocateUnbound(8)}");
                break;
            case "a channel that is bound already":
                int bound = channels.AllocateUnbound(7);
                channels.BindInterdomain(7, bound);
                bad.Write(key, $"{bound}");
                break;
            default:
                int closed = channels.AllocateUnbound(0);
                channels.Unbind(closed);
                bad.Write(key, $"{closed}");
                break;
        }

        bad.Write("state", "3");
        bench.AwaitState(7, 5);
        Assert.Contains(key, bench.Error(7), StringComparison.Ordinal);
        Assert.Equal(1, bench.Platform.Count);
        Assert.Equal(Bench.IdOf(Bench.HostB), good.Read(devfn: 0, offset: 0, size: 4).Value);
        page?.Dispose();
    }
}
