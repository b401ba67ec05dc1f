namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A guest that writes anything into the keys it owns, beside one that works.</summary>
public sealed class HostileGuest(Boot<HostileGuest> boot) : ScenarioTests<HostileGuest>(boot), IScenario;
