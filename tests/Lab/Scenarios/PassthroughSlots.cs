namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary><c>serve --slots passthrough</c>.</summary>
public sealed class PassthroughSlots(Boot<PassthroughSlots> boot) : ScenarioTests<PassthroughSlots>(boot), IScenario;
