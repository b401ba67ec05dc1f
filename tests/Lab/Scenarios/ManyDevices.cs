namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Several devices, several guests, every kind of bus.</summary>
public sealed class ManyDevices(Boot<ManyDevices> boot) : ScenarioTests<ManyDevices>(boot), IScenario;
