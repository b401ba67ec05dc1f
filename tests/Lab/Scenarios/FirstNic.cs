namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The README's three commands, then what the guest reads, byte for byte.</summary>
public sealed class FirstNic(Boot<FirstNic> boot) : ScenarioTests<FirstNic>(boot), IScenario;
