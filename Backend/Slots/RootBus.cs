namespace PciBackFlow.Backend.Slots;

/// <summary>A root bus that a guest's frontend scans.</summary>
/// <param name="Domain">Segment as the guest sees it.</param>
/// <param name="Bus">Bus as the guest sees it.</param>
public readonly record struct RootBus(uint Domain, byte Bus);
