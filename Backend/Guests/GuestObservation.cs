using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// What one look at a guest saw: the input of <see cref="GuestLifecycle"/>. Later looks may
/// differ; whoever acts on it writes under the rules of a state switch.
/// </summary>
/// <param name="Directory">What its two directories say.</param>
/// <param name="Domain">What the hypervisor says about its domain.</param>
public sealed record GuestObservation(GuestDirectory Directory, DomainStanding Domain)
{
    /// <summary>Whether an earlier daemon of this program connected this guest, in this life. Looked for when it appears.</summary>
    public bool IsInherited { get; init; }

    /// <summary>Its functions whose errors it had not got over when that daemon ended. Looked for when it appears.</summary>
    public IReadOnlyList<PciAddress> Failed { get; init; } = [];

    /// <summary>Whether the frontend's page or port differ from those attached, by this daemon or an earlier one; false when nothing is.</summary>
    public bool FrontendKeysChanged { get; init; }

    /// <summary>
    /// Functions the guest has whose keys the toolstack removed without asking the guest (libxl after a time-out, a detach by
    /// force): found within one transaction, because renumbering moves the others.
    /// </summary>
    public IReadOnlyList<PciAddress> Withdrawn { get; init; } = [];
}
