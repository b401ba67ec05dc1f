using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(PciBackFlow.Lab.Tests.LongestFirst))]

namespace PciBackFlow.Lab.Tests;

/// <summary>
/// Scenarios run in the order of their time limits, then of their numbers of cases: a long one that began last would have the machine to itself, with a
/// processor idle.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderByDescending(static collection => Weight(ScenarioOf(collection)))];

    /// <summary>A scenario's weight; of other tests the least.</summary>
    private static (TimeSpan Limit, int Cases) Weight(Type? scenario) => scenario is null
        ? default
        : (((Machine?)scenario.GetProperty(nameof(IScenario.Machine), BindingFlags.Static | BindingFlags.Public)?.GetValue(null) ?? Machine.Standard).TimeLimit,
            ScenarioScript.CasesOf(scenario).Count);

    // A class without a collection of its own is one, and its name is in the collection's.
    private static Type? ScenarioOf(ITestCollection collection) => typeof(LongestFirst).Assembly.GetTypes()
        .FirstOrDefault(type => type.IsAssignableTo(typeof(IScenario)) && collection.TestCollectionDisplayName.Split(' ').Contains(type.FullName));
}
