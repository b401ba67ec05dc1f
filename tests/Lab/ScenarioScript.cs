using System.Text.RegularExpressions;

namespace PciBackFlow.Lab.Tests;

/// <summary>The part of a scenario that runs inside dom0.</summary>
internal static partial class ScenarioScript
{
    /// <summary>Where what runs inside the lab lies beside the test program.</summary>
    public static string Folder => AppContext.BaseDirectory;

    /// <summary>Every scenario there is.</summary>
    public static IReadOnlyList<Type> Scenarios { get; } =
        [.. typeof(IScenario).Assembly.GetTypes().Where(static type => type.IsClass && type.IsAssignableTo(typeof(IScenario)))];

    public static string PathOf(Type scenario) => Path.Combine(Folder, "Scenarios", scenario.Name + ".sh");

    /// <summary>Its cases in order: the functions whose names begin with a capital letter (cases.sh goes by the same rule).</summary>
    public static IReadOnlyList<string> CasesOf(Type scenario) =>
        [.. CaseHeader().Matches(File.ReadAllText(PathOf(scenario))).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"^([A-Z][A-Za-z0-9_]*)\(\) *\{", RegexOptions.Multiline)]
    private static partial Regex CaseHeader();
}
