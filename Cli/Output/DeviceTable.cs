using PciBackFlow.Cli.Devices;
using Spectre.Console;

namespace PciBackFlow.Cli.Output;

/// <summary>Functions as a person reads them.</summary>
internal static class DeviceTable
{
    public static void Write(CliConsole console, IReadOnlyList<DeviceRow> rows)
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

        foreach (DeviceRow row in rows)
        {
            List<string> cells = [row.Address, $"{row.VendorId}:{row.DeviceId}", NameOf(row)];
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

    private static string ForGuest(DeviceRow row) =>
        !row.Assignable ? $"no: {string.Join("; ", row.Reasons)}"
        : row.Warnings.Count > 0 ? $"yes, but {string.Join("; ", row.Warnings)}"
        : "yes";

    private static string NameOf(DeviceRow row)
    {
        if (row.Description is not null)
        {
            return row.Description;
        }

        string? device = row.DeviceName is null ? row.VendorName : $"{row.VendorName} {row.DeviceName}";
        return string.Join(": ", new[] { row.ClassName ?? $"class {row.Class}", device }.Where(part => part is not null));
    }

    private static string Capabilities(DeviceRow row)
    {
        string names = Join(row.Capabilities.Select(capability => capability.Name).Distinct());
        bool isCut = row.ReadableSize < row.Size;

        // Where the host hides what lies behind the header, the list is unreadable, not broken.
        if (row.CapabilityDefects.Count > 0 && !isCut)
        {
            names += " (broken list)";
        }

        return isCut ? $"{names} (first {row.ReadableSize} bytes only)" : names;
    }

    private static string Join(IEnumerable<string> words) => string.Join(' ', words) is { Length: > 0 } joined ? joined : "-";
}
