namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Daemons follow each other under a guest that asks without a pause, each while the one before serves.</summary>
public sealed class TakeOver(Boot<TakeOver> boot) : ScenarioTests<TakeOver>(boot), IScenario;
