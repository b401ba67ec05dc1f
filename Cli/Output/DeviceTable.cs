using PciBackFlow.Backend.Devices.Description;
using Spectre.Console;

namespace PciBackFlow.Cli.Output;

/// <summary>Functions as a person reads them.</summary>
internal static class DeviceTable
{
    public static void Write(CliConsole console, IReadOnlyList<DeviceReport> rows)
    {
        bool hasHost = rows.Any(row => row.Driver is not null || row.ResetMethods.Count > 0 || row.IommuGroup is not null);
        Table table = new Table().Border(TableBorder.None);
        table.AddColumns("Function", "Ids", "What");
        if (hasHost)
        {
            table.AddColumns("Driver", "Reset");
        }

        table.AddColumns("Capabilities", "For a guest");
        foreach (TableColumn column in table.Columns)
        {
            column.PadLeft(0).PadRight(2).NoWrap = column == table.Columns[0] || column == table.Columns[1];
        }

        foreach (DeviceReport row in rows)
        {
            List<string> cells =
                [string.Join('\n', row.Selectors.Prepend(row.Address)), row.VendorId is null ? "unknown" : $"{row.VendorId}:{row.DeviceId}", NameOf(row)];
            if (hasHost)
            {
                cells.AddRange([row.Driver ?? "-", Join(row.ResetMethods)]);
            }

            cells.AddRange([Capabilities(row), ForGuest(row)]);
            // Text, not markup: names have brackets.
            table.AddRow(cells.Select(cell => new Text(cell)));
        }

        console.WriteTable(table);
    }

    private static string ForGuest(DeviceReport row) =>
        !row.Assignable ? $"no: {string.Join("; ", row.Reasons)}"
        : row.Held ? row.Name is null ? "held for guests" : $"held for guests as {row.Name}"
        : row.Warnings.Count > 0 ? $"yes, but {string.Join("; ", row.Warnings)}"
        : "yes";

    private static string NameOf(DeviceReport row)
    {
        if (row.Description is not null)
        {
            return row.Description;
        }

        string? device = row.DeviceName is null ? row.VendorName : $"{row.VendorName} {row.DeviceName}";
        return string.Join(": ", new[] { row.ClassName ?? $"class {row.Class}", device }.Where(part => part is not null));
    }

    private static string Capabilities(DeviceReport row)
    {
        string names = Join((row.Capabilities ?? []).Select(capability => capability.Name).Distinct());
        if (row.CapabilityDefects.Count > 0)
        {
            names += " (broken list)";
        }

        return row.Incomplete is null ? names : $"{names} ({row.Incomplete})";
    }

    private static string Join(IEnumerable<string> words) => string.Join(' ', words) is { Length: > 0 } joined ? joined : "-";
}
