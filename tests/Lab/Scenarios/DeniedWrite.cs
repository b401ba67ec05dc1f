namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A denied write seen in the trace, made a rule, put in force by a reload, and seen to pass; the guest runs on meanwhile.</summary>
public sealed class DeniedWrite(Boot<DeniedWrite> boot) : ScenarioTests<DeniedWrite>(boot), IScenario;
