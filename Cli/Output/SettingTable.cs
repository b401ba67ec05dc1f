using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using Spectre.Console;

namespace PciBackFlow.Cli.Output;

/// <summary>Effective settings as a person reads them.</summary>
internal static class SettingTable
{
    public static void Write(CliConsole console, IReadOnlyList<SettingReport> settings)
    {
        Table table = new Table().Border(TableBorder.None);
        table.AddColumns("Key", "Value", "From");
        foreach (TableColumn column in table.Columns)
        {
            column.PadLeft(0).PadRight(2).NoWrap = true;
        }

        foreach (SettingReport setting in settings)
        {
            table.AddRow(new Text(setting.Key), new Text(setting.Value), new Text(setting.Origin));
        }

        console.WriteTable(table);
    }
}
