using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Serving;

/// <summary>A connected frontend: its page, mapped, and its lane. Either both exist or neither.</summary>
internal sealed class GuestAttachment : IDisposable
{
    private readonly IGrantMapping _mapping;

    private GuestAttachment(FrontendKeys keys, IGrantMapping mapping, GuestLane lane)
    {
        Keys = keys;
        _mapping = mapping;
        Lane = lane;
    }

    /// <summary>The keys it was made from.</summary>
    public FrontendKeys Keys { get; }

    public GuestLane Lane { get; }

    /// <summary>Maps the page and binds the channel a frontend published.</summary>
    /// <param name="services">Through what.</param>
    /// <param name="domainId">The guest.</param>
    /// <param name="frontend">Its directory.</param>
    /// <param name="functions">What the guest has.</param>
    /// <param name="errno">The error when it failed.</param>
    /// <param name="reason">What was wrong; null when it succeeded.</param>
    /// <param name="before">Is shown the page before it is served; null for nobody.</param>
    /// <returns>The attachment, or null. A failure leaves nothing mapped or bound.</returns>
    public static unsafe GuestAttachment? Create(
        GuestServices services, int domainId, string frontend, FunctionTable functions, out Errno errno, out string? reason, Action<SharedPage>? before = null)
    {
        var keys = FrontendKeys.Read(services.Store, frontend);
        errno = Errno.EINVAL;
        reason = keys.Check(out uint reference, out int port);
        if (reason is not null)
        {
            return null;
        }

        IGrantMapping? mapping = null;
        try
        {
            mapping = services.Grants.Map(domainId, reference);
            SharedPage page = new(mapping.Address);
            before?.Invoke(page);
            GuestLane lane = services.Lanes.Attach(domainId, port, page, functions);
            return new(keys, mapping, lane);
        }
        catch (HypervisorException e)
        {
            errno = e.Errno;
            reason = mapping is null
                ? $"{StoreKeys.PageReference} {reference} cannot be mapped: {e.Message}"
                : $"{StoreKeys.EventChannel} {port} cannot be bound: {e.Message}";
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // A full or stopped engine: this guest is told, the others go on.
            errno = Errno.EIO;
            reason = $"no shard can serve the guest: {e.Message}";
        }

        mapping?.Dispose();
        return null;
    }

    /// <summary>Stops serving, unbinds, then unmaps: nobody may touch the page after it went.</summary>
    public void Dispose()
    {
        Lane.Dispose();
        _mapping.Dispose();
    }
}
