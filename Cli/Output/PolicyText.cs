using System.Globalization;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using Spectre.Console;

namespace PciBackFlow.Cli.Output;

/// <summary>Policies as a person reads them.</summary>
internal static class PolicyText
{
    public static void Write(CliConsole console, IReadOnlyList<ShippedPolicy> policies)
    {
        Table table = new Table().Border(TableBorder.None);
        table.AddColumns("Name", "Driver", "Devices", "Writes", "Without it");
        foreach (TableColumn column in table.Columns)
        {
            column.PadLeft(0).PadRight(2).NoWrap = column == table.Columns[0];
        }

        foreach (ShippedPolicy policy in policies)
        {
            table.AddRow(new Text(policy.Name), new Text(policy.Driver), new Text(policy.Devices), new Text(policy.Writes), new Text(policy.Without));
        }

        console.WriteTable(table);
    }

    public static void Write(TextWriter output, PolicyTrial trial, SourceFunction function)
    {
        output.WriteLine(trial.Opened.Count == 0
            ? $"opens nothing of {function.Address} {function.Description}".TrimEnd()
            : $"opens of {function.Address} {function.Description}".TrimEnd() + ":");
        foreach (PolicyOpening opening in trial.Opened)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  0x{opening.Offset:x3}  {opening.Register}: bits 0x{opening.Bits:x}"));
        }

        if (trial.Hazards.Count == 0)
        {
            output.WriteLine("nothing of it is dangerous to others than the guest");
            return;
        }

        output.WriteLine("dangerous to others than the guest:");
        foreach (PolicyHazard hazard in trial.Hazards)
        {
            string bits = hazard.Bits == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" bits 0x{hazard.Bits:x}");
            output.WriteLine($"  {hazard.What}{bits}: {hazard.Words}");
        }
    }
}
