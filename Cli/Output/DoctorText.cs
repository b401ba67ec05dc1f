using PciBackFlow.Backend.Doctor;
using Spectre.Console;

namespace PciBackFlow.Cli.Output;

/// <summary>What <c>doctor</c> found, as a person reads it: the worst first, and what to do.</summary>
internal static class DoctorText
{
    public static void Write(CliConsole console, DoctorReport report)
    {
        Table table = new Table().Border(TableBorder.None);
        table.AddColumns("Severity", "Finding", "Device", "What, read from, what to do");
        foreach (TableColumn column in table.Columns)
        {
            column.PadLeft(0).PadRight(2).NoWrap = column != table.Columns[3];
        }

        foreach (Finding finding in report.Findings)
        {
            // Text, not markup: names have brackets.
            table.AddRow(new Text(NameOf(finding)), new Text(finding.Code), new Text(finding.Device ?? "-"), new Text(Tell(finding)));
        }

        console.WriteTable(table);
        console.Output.WriteLine();
        console.Output.WriteLine(report switch
        {
            { IsRefused: true } => $"{Count(report, FindingSeverity.Refusal)} would stop a passthrough.",
            { IsBlind: true } => "Nothing that was looked at stops a passthrough; not everything could be looked at.",
            _ => "Nothing stops a passthrough.",
        });
    }

    private static string NameOf(Finding finding) => finding.Severity switch
    {
        FindingSeverity.Refusal => "refusal",
        FindingSeverity.Warning => finding.Looked ? "warning" : "not looked",
        FindingSeverity.Information => "information",
        _ => "ok",
    };

    // What is as it should be takes one line.
    private static string Tell(Finding finding)
    {
        if (finding.Severity == FindingSeverity.Ok)
        {
            return finding.Reason;
        }

        string text = $"{finding.Reason}\n  from: {finding.Evidence}";
        return finding.Remedy is null ? text : $"{text}\n  do: {finding.Remedy}";
    }

    private static int Count(DoctorReport report, FindingSeverity severity) => report.Findings.Count(finding => finding.Severity == severity);
}
