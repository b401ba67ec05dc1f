using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>Something that happened to a guest.</summary>
public abstract record GuestEvent
{
    private GuestEvent()
    {
    }

    /// <summary>The backend directory was found.</summary>
    /// <param name="Seen">What it holds.</param>
    /// <param name="Adopt">Whether nodes that an earlier daemon left before connecting are continued: only while the daemon starts.</param>
    public sealed record Appeared(GuestObservation Seen, bool Adopt) : GuestEvent;

    /// <summary>Something in the backend directory may have changed.</summary>
    /// <param name="Seen">What it holds now.</param>
    public sealed record BackendChanged(GuestObservation Seen) : GuestEvent;

    /// <summary>The frontend's state may have changed.</summary>
    /// <param name="Seen">What both directories hold now.</param>
    public sealed record FrontendChanged(GuestObservation Seen) : GuestEvent;

    /// <summary>The page is mapped, the port bound and the shard serves it.</summary>
    public sealed record Attached : GuestEvent;

    /// <summary>A guest that an earlier daemon connected is served again, in whatever state its hand-shake is.</summary>
    public sealed record Inherited : GuestEvent;

    /// <summary>The frontend's keys, page or port could not be used. Nothing is left mapped or bound.</summary>
    /// <param name="Errno">The number in the error node.</param>
    /// <param name="Reason">What was wrong.</param>
    public sealed record AttachFailed(Errno Errno, string Reason) : GuestEvent;

    /// <summary>Devices cannot be published: a root key is unreadable, or xenstore refuses.</summary>
    /// <param name="Errno">The number in the error node.</param>
    /// <param name="Reason">What was wrong.</param>
    public sealed record PublishFailed(Errno Errno, string Reason) : GuestEvent;

    /// <summary>The guest's functions were looked at.</summary>
    /// <param name="Lost">The host addresses of those that do not answer any more.</param>
    public sealed record FunctionsSeen(IReadOnlyList<PciAddress> Lost) : GuestEvent;

    /// <summary>A state switch found the node removed, or removed and created anew: it belongs to a successor.</summary>
    public sealed record Vanished : GuestEvent;

    /// <summary>The daemon stops: the guest keeps its node and its devices.</summary>
    public sealed record Stopping : GuestEvent;
}
