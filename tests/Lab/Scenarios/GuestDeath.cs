namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Guests killed, crashed and rebooted; a daemon that ends before them.</summary>
public sealed class GuestDeath(Boot<GuestDeath> boot) : ScenarioTests<GuestDeath>(boot), IScenario;
