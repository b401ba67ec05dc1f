namespace PciBackFlow.Backend.Devices.State;

/// <summary>The state file's content.</summary>
/// <param name="Version">The format's version.</param>
/// <param name="Devices">The devices, by address.</param>
internal sealed record StateDocument(int Version, IReadOnlyList<HeldRecord> Devices);
