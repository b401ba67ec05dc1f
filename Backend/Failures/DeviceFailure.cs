namespace PciBackFlow.Backend.Failures;

/// <summary>Why a guest does not get a device.</summary>
/// <param name="Kind">In a word, for the guest.</param>
/// <param name="Reason">In full, for people of the host: it may name other guests and devices.</param>
public sealed record DeviceFailure(DeviceFailureKind Kind, string Reason);
