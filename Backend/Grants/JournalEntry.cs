using PciBackFlow.Backend.Domains;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>A grant that was begun and is not taken back.</summary>
/// <param name="Id">Its number in the journal; rises.</param>
/// <param name="Life">To whom.</param>
/// <param name="Device">For which device.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Grant">What exactly; after the result what was really given.</param>
/// <param name="IsDone">False: an intent; whether it took effect is not known.</param>
public sealed record JournalEntry(long Id, DomainLife Life, PciAddress Device, GrantOwner Owner, Grant Grant, bool IsDone)
{
    /// <summary>Whether it is a part of a device's attachment: the guest has the device while there is one.</summary>
    public bool IsAttachment => Grant.Kind is not (GrantKind.Kept or GrantKind.Messages or GrantKind.Pause or GrantKind.Reached);
}
