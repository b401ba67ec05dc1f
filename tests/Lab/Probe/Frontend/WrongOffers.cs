using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;

namespace PciBackFlow.LabProbe.Frontend;

/// <summary>Pages and ports that a backend must not take, made by the domain that offers them. The other of the two is a good one each time.</summary>
internal static class WrongOffers
{
    private const int Host = 0;

    /// <summary>Names of the offers; those of another domain take its id.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["read-only-page", "revoked-page", "page-for-another", "bound-port", "closed-port", "port-for-another"];

    /// <summary>Makes the offer and waits until it is refused.</summary>
    /// <param name="name">Which.</param>
    /// <param name="other">Another domain.</param>
    /// <exception cref="TimeoutException">It was not refused.</exception>
    public static void Make(string name, int other)
    {
        using var frontend = new GuestFrontend();
        using var channels = XenEventChannels.Open();
        SharedTestPage page = GrantedPages.Grant(name == "page-for-another" ? other : Host, readOnly: name == "read-only-page");
        int port = channels.AllocateUnbound(name switch { "port-for-another" => other, "bound-port" => frontend.DomainId, _ => Host });
        switch (name)
        {
            case "revoked-page":
                page.Page.Dispose();
                break;
            case "bound-port":
                channels.BindInterdomain(frontend.DomainId, port);
                break;
            case "closed-port":
                channels.Unbind(port);
                break;
        }

        frontend.BeginAgain();
        frontend.Offer(page.Reference, port);
        Console.WriteLine($"{name}: reference {page.Reference}, port {port}: the backend is in state {frontend.Await(5, 6)}");
        if (name != "revoked-page")
        {
            page.Page.Dispose();
        }
    }
}
