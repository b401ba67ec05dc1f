using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>What the life cycle remembers of one guest between events.</summary>
/// <param name="Own">The backend state this instance last wrote (or took over from the toolstack).</param>
/// <param name="LastFrontend">The frontend state seen last: a reconnect is a change to Initialising, not its presence.</param>
/// <param name="IsAttached">Whether the page is mapped and the port bound.</param>
/// <param name="IsGone">Whether this instance is finished: every later event is ignored.</param>
public readonly record struct GuestState(XenbusState Own, XenbusState LastFrontend, bool IsAttached, bool IsGone)
{
    /// <summary>Whether the directory is a guest's that a device model serves: nothing is written, nothing held, until the directory goes.</summary>
    public bool IsServedElsewhere { get; init; }

    /// <summary>Whether the guest's kernel has ended: it has nothing any more, and its side of the toolstack's handshakes is taken here.</summary>
    public bool IsEnded { get; init; }

    /// <summary>Its functions, by host address, that were said not to answer any more.</summary>
    public IReadOnlyList<PciAddress> Lost { get; init; } = [];

    /// <summary>Before its node was looked at.</summary>
    public static GuestState New => new(XenbusState.Initialising, XenbusState.Unknown, IsAttached: false, IsGone: false);
}
