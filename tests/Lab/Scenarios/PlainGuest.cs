namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The lab itself, without the program under test.</summary>
public sealed class PlainGuest(Boot<PlainGuest> boot) : ScenarioTests<PlainGuest>(boot), IScenario;
