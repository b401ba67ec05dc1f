using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Slots;

/// <summary>The place found for a function, or why there is none.</summary>
/// <param name="Guest">The address the guest sees; meaningful when <see cref="Refusal"/> is null.</param>
/// <param name="Refusal">Why the function has no place; null when it has one.</param>
/// <param name="Note">What differs from the request: the requested devfn was taken or cannot be given; null when nothing does.</param>
public readonly record struct SlotResult(PciAddress Guest, string? Refusal, string? Note)
{
    /// <summary>Whether the function has a place.</summary>
    public bool IsPlaced => Refusal is null;
}
