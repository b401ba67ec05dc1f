namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The daemon is killed at instants that a seed chooses, during attach, message set-up, traffic and detach, again and again.</summary>
public sealed class KilledAnywhere(Boot<KilledAnywhere> boot) : ScenarioTests<KilledAnywhere>(boot), IScenario;
