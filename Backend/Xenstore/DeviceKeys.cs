using PciBackFlow.Backend.Guests;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>One device's keys in a backend directory, as the toolstack's half sees them.</summary>
/// <param name="Index">N; changes when an earlier one goes.</param>
/// <param name="Host">From <c>dev-N</c>; null when missing or unreadable.</param>
/// <param name="State">From <c>state-N</c>.</param>
/// <param name="Guest">From <c>vdev-N</c>; null until the backend published it.</param>
/// <param name="Error">From <c>error-N</c>; null when there is none.</param>
internal sealed record DeviceKeys(int Index, PciAddress? Host, XenbusState State, PciAddress? Guest, string? Error)
{
    /// <summary>Whether the backend gave it to the guest.</summary>
    public bool IsPublished => Guest is not null && State == XenbusState.Initialised;

    /// <summary>Whether the backend could not give it.</summary>
    public bool IsFailed => Error is not null || State == XenbusState.Closed;
}
