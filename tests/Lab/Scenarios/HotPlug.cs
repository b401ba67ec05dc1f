namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Attach to and detach from running guests.</summary>
public sealed class HotPlug(Boot<HotPlug> boot) : ScenarioTests<HotPlug>(boot), IScenario;
