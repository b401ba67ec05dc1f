using System.Diagnostics.CodeAnalysis;

namespace PciBackFlow.Lab.Tests;

/// <summary>One test for each case of a scenario; the first of them boots the machine.</summary>
/// <typeparam name="TScenario">The scenario: the test class itself.</typeparam>
public abstract class ScenarioTests<TScenario>(Boot<TScenario> boot) : IClassFixture<Boot<TScenario>>
    where TScenario : IScenario
{
    [SuppressMessage("Design", "CA1000", Justification = "xUnit looks for a theory's data on the test class, and each scenario has its own.")]
    public static TheoryData<string> Cases => [.. ScenarioScript.CasesOf(typeof(TScenario))];

    /// <summary>The boot that the cases share.</summary>
    protected Boot<TScenario> Boot => boot;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Holds(string name)
    {
        LabSettings.SkipUnlessAsked(typeof(TScenario).Name, TScenario.IsMeasurement, TScenario.EmulatorAtLeast);
        Boot.AssertHeld(name);
    }
}
