using PciBackFlow.Backend.Plans;

namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>The rows of plans, with those of the plans within them.</summary>
internal static class PlanRows
{
    /// <summary>Each plan's name and each of its steps' names, once.</summary>
    public static TheoryData<string, string> Of(params IPlan[] plans)
    {
        TheoryData<string, string> rows = [];
        foreach (IPlan plan in plans.SelectMany(All).DistinctBy(static plan => plan.Name))
        {
            foreach (IStep step in plan.Steps)
            {
                rows.Add(plan.Name, step.Name);
            }
        }

        return rows;
    }

    /// <summary>A plan and those within it, the outer one first.</summary>
    public static IEnumerable<IPlan> All(IPlan plan) => plan.Steps.Select(static step => step.Plan).OfType<IPlan>().SelectMany(All).Prepend(plan);
}
