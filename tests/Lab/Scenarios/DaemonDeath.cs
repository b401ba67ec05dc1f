namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The daemon is killed at any moment under guests that use their devices, and another one follows it.</summary>
public sealed class DaemonDeath(Boot<DaemonDeath> boot) : ScenarioTests<DaemonDeath>(boot), IScenario;
