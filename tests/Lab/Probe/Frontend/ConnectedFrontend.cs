using System.Diagnostics;
using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.LabProbe.Frontend;

/// <summary>A frontend with a page and a port of its own that a backend has connected to.</summary>
internal sealed class ConnectedFrontend : IDisposable
{
    // Linux gives up after 2 s; emulated and beside others everything takes longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SharedTestPage _grant;

    public unsafe ConnectedFrontend()
    {
        Channels = XenEventChannels.Open();
        _grant = GrantedPages.Grant(0, readOnly: false);
        Port = Channels.AllocateUnbound(0);
        Page = new RequestPage((byte*)_grant.Address);
        Keys = new GuestFrontend();
        Keys.BeginAgain();
        Keys.Offer(_grant.Reference, Port);
        Keys.Await(4);
        Keys.SwitchTo(4);
    }

    public GuestFrontend Keys { get; }

    public IEventChannels Channels { get; }

    public int Port { get; }

    public RequestPage Page { get; }

    public nint Address => _grant.Address;

    /// <summary>Asks and waits.</summary>
    /// <exception cref="TimeoutException">No answer.</exception>
    public FrontendAnswer Ask(in FrontendRequest request)
    {
        Page.Post(in request);
        Channels.Notify(Port);
        AwaitIdle();
        return Page.TakeAnswer();
    }

    /// <summary>Waits until no request is under way.</summary>
    public void AwaitIdle()
    {
        Span<int> ports = stackalloc int[4];
        long start = Stopwatch.GetTimestamp();
        while (Page.IsActive)
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException($"no answer within {Patience.TotalSeconds} s");
            }

            Channels.Unmask(ports[..Channels.Read(ports, 100)]);
        }
    }

    /// <summary>Closes as it should be done.</summary>
    public void Close()
    {
        Keys.SwitchTo(6);
        Keys.Await(6);
    }

    /// <summary>Takes page and port away, whatever the backend does with them.</summary>
    public void Dispose()
    {
        Channels.Dispose();
        Page.Dispose();
        _grant.Page.Dispose();
        Keys.Dispose();
    }
}
