using System.Globalization;
using System.Reflection;
using System.Text;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Attaching.Plans;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Plans;

namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>docs/plans.md shows the tables that are carried out. PCIBACKFLOW_WRITE_PLANS=1 writes them there.</summary>
public sealed class PlanPageTests
{
    private const string Marker = "<!-- From here on written by PlanPageTests. -->\n";
    private const string WriteVariable = "PCIBACKFLOW_WRITE_PLANS";

    private static readonly IPlan[] Operations =
    [
        TakePlan.Table, GiveBackPlan.Table, AbandonPlan.Table,
        AttachPlan.Table, DetachPlan.Table, ReclaimPlan.Table, SettlePlan.Table, ReturnPlan.Table, RecoverPlan.Table,
    ];

    private static IReadOnlyList<IPlan> Plans => [.. Operations.SelectMany(PlanRows.All).DistinctBy(static plan => plan.Name)];

    [Fact]
    public void The_page_shows_the_plans_as_they_are()
    {
        string path = Path.Combine(Root(), "docs", "plans.md");
        string page = File.ReadAllText(path);
        string expected = page[..(page.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length)] + Tables();
        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            File.WriteAllText(path, expected);
            return;
        }

        Assert.True(page == expected, $"docs/plans.md is not what is carried out; write it with {WriteVariable}=1");
    }

    [Fact]
    public void Every_plan_of_the_program_is_on_the_page()
    {
        IPlan[] all =
        [
            .. typeof(AttachPlan).Assembly.GetTypes().Where(static type => !type.ContainsGenericParameters)
                .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                .Where(static field => typeof(IPlan).IsAssignableFrom(field.FieldType)).Select(static field => (IPlan)field.GetValue(null)!),
        ];
        Assert.True(all.Length >= Operations.Length);
        Assert.Empty(all.Except(Plans).Select(static plan => plan.Name));
        Assert.Distinct(all.Select(static plan => plan.Name));
    }

    [Fact]
    public void Every_row_says_what_its_table_needs()
    {
        foreach (IPlan plan in Plans)
        {
            Assert.Distinct(plan.Steps.Select(static step => step.Name));
            foreach (IStep step in plan.Steps)
            {
                Assert.True(step.IsConditional == (step.Condition is not null), $"{plan.Name}: when is '{step.Name}' taken?");
                Assert.True(!step.HasUndo || step.UndoneBy is not null, $"{plan.Name}: what undoes '{step.Name}'?");
            }
        }
    }

    private static string Tables()
    {
        StringBuilder page = new();
        page.Append("\n## How long they wait\n\n| limit | at most |\n|---|---|\n");
        ToolstackTiming timing = new();
        foreach (PropertyInfo limit in typeof(ToolstackTiming).GetProperties().Where(static property => property.PropertyType == typeof(TimeSpan)))
        {
            page.Append(CultureInfo.InvariantCulture, $"| {limit.Name} | {((TimeSpan)limit.GetValue(timing)!).TotalSeconds} s |\n");
        }

        foreach (IPlan plan in Plans)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {Capitalised(plan.Name)}\n\n");
            page.Append("| | step | when | journal | undone by | waits at most |\n|---|---|---|---|---|---|\n");
            for (int i = 0; i < plan.Steps.Count; i++)
            {
                IStep step = plan.Steps[i];
                string[] cells = [StepText(step), step.Condition ?? "", step.Journal ?? "", UndoText(step) ?? "", step.Patience ?? ""];
                string row = string.Create(CultureInfo.InvariantCulture, $"| {i + 1} | {string.Join(" | ", cells)} |\n");
                page.Append(row.Replace("  ", " ", StringComparison.Ordinal));
            }
        }

        return page.ToString();
    }

    private static string StepText(IStep step)
    {
        string text = step.Name;
        if (step.Plan is { } inner)
        {
            text += $": {(step.ForEach is { } each ? $"for each {each}, " : string.Empty)}[{inner.Name}](#{inner.Name.Replace(' ', '-')})";
        }

        text += step.IsPointOfNoReturn ? " (no way back from here on)" : string.Empty;
        return step.IsBestEffort ? $"{text} (as far as it can be)" : text;
    }

    private static string? UndoText(IStep step) => step.IsUndoneWhenHalfDone ? $"{step.UndoneBy}; also when it fails half-way" : step.UndoneBy;

    private static string Capitalised(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "PciBackFlow.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not within the project");
        }

        return folder;
    }
}
