namespace PciBackFlow.Backend.Guests;

/// <summary>The outcome of one event.</summary>
/// <param name="State">The state from now on.</param>
/// <param name="Actions">What to do, in order.</param>
public readonly record struct GuestTransition(GuestState State, IReadOnlyList<GuestAction> Actions);
