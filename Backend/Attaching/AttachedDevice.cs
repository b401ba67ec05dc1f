using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>A device of a guest.</summary>
/// <param name="DomainId">The guest.</param>
/// <param name="Host">Its address on the host.</param>
/// <param name="Guest">Where the guest sees it; null until it is published.</param>
/// <param name="State">In words: <c>offered</c>, <c>connected</c>, <c>leaving</c>, <c>failed: REASON</c>.</param>
/// <param name="IsOurs">Whether this daemon granted it; false: xl did, and xl revokes it.</param>
public sealed record AttachedDevice(int DomainId, PciAddress Host, PciAddress? Guest, string State, bool IsOurs);
