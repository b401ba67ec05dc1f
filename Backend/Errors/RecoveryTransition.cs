namespace PciBackFlow.Backend.Errors;

/// <summary>What follows from an event.</summary>
/// <param name="State">Where the recovery stands from now on.</param>
/// <param name="Action">What is done next.</param>
public readonly record struct RecoveryTransition(RecoveryState State, RecoveryAction Action);
