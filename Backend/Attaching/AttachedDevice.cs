using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>A device of a guest.</summary>
/// <param name="DomainId">The guest.</param>
/// <param name="Host">Its address on the host.</param>
/// <param name="Guest">Where the guest sees it; null until it is published.</param>
/// <param name="State">How far the guest is with it.</param>
/// <param name="IsOurs">Whether this daemon granted it; false: xl did, and xl revokes it.</param>
public sealed record AttachedDevice(int DomainId, PciAddress Host, PciAddress? Guest, AttachmentState State, bool IsOurs)
{
    /// <summary>Why it <see cref="AttachmentState.Failed"/>, for people; null in every other state.</summary>
    public string? Failure { get; init; }
}
