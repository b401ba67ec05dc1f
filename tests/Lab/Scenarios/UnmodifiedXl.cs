namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Debian's xl through <c>pcibackflow xl</c>.</summary>
public sealed class UnmodifiedXl(Boot<UnmodifiedXl> boot) : ScenarioTests<UnmodifiedXl>(boot), IScenario;
