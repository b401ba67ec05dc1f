using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>The keys of one device in a backend directory.</summary>
/// <param name="Index">N, 0 to 255. Not an identity: the toolstack renumbers after a removal.</param>
/// <param name="Host">The host's function; null when missing or unreadable.</param>
/// <param name="State">How far it is; <see cref="XenbusState.Unknown"/> when missing, which skips the device in a reconfiguration.</param>
public sealed record DeviceKeys(int Index, PciAddress? Host, XenbusState State)
{
    /// <summary>The text that <see cref="Host"/> was read from, for reports; null when missing.</summary>
    public string? HostText { get; init; }

    /// <summary>Where the guest sees it, as this backend or a predecessor published; null when missing or unreadable.</summary>
    public PciAddress? Guest { get; init; }

    /// <summary>
    /// Where the guest is to see it, (slot &lt;&lt; 3) | function; null when missing, unreadable or not read
    /// (<see cref="DeviceDetail.Wishes"/>).
    /// </summary>
    public byte? RequestedDevfn { get; init; }

    /// <summary>What the toolstack wants for it, as it wrote it; null when missing or not read (<see cref="DeviceDetail.Wishes"/>).</summary>
    public string? Options { get; init; }

    /// <summary>Why the guest does not get it; null when there is no reason or it was not read (<see cref="DeviceDetail.Failures"/>).</summary>
    public string? Error { get; init; }

    /// <summary>Whether the backend gave it to the guest.</summary>
    public bool IsPublished => Guest is not null && State == XenbusState.Initialised;

    /// <summary>Whether the guest has been asked to let go of it. Its keys stay as they are until the toolstack removes them.</summary>
    public bool IsAskedBack => Guest is not null && State == XenbusState.Closing;

    /// <summary>Whether the backend could not give it.</summary>
    public bool IsFailed => Error is not null || State == XenbusState.Closed;
}
