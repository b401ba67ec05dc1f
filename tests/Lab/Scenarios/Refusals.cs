namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>What is refused, and that a refusal changes nothing.</summary>
public sealed class Refusals(Boot<Refusals> boot) : ScenarioTests<Refusals>(boot), IScenario;
