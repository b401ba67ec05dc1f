using System.Globalization;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Filter.Files;
using PciBackFlow.Pipeline;
using Spectre.Console;

namespace PciBackFlow.Cli.Output;

/// <summary>The daemon's status as a person reads it.</summary>
internal static class StatusText
{
    public static void Write(CliConsole console, StatusReport status)
    {
        DaemonReport daemon = status.Daemon;
        TextWriter output = console.Output;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"pcibackflow {daemon.Version} on {daemon.Platform}, process {daemon.ProcessId}, up {Duration(daemon.UptimeSeconds)}"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{status.Shards.Count} shards ({daemon.Topology}), {status.Engine.Served} requests served, "
            + $"{status.Engine.Expired} expired{Hung(status.Engine)}{NoPlace(status.Engine.NoPlace)}{Stuck(status.Shards)}"));
        output.WriteLine();
        WriteGuests(console, status);
        WriteDenied(console, status);
        WriteDevices(console, status);
        WriteErrors(console, status.Errors);
        output.WriteLine("Configuration");
        SettingTable.Write(console, status.Configuration);
    }

    private static void WriteGuests(CliConsole console, StatusReport status)
    {
        if (status.Guests.Count == 0)
        {
            console.Output.WriteLine("No guest has a PCI bus.\n");
            return;
        }

        Table table = NewTable("Domain", "Backend", "Frontend", "Shard", "Requests", "Denied", "Late");
        foreach (GuestReport guest in status.Guests)
        {
            AddRow(table,
            [
                DomainOf(guest),
                guest.Backend,
                guest.Frontend,
                guest.Shard is { } shard ? Number(shard) : "-",
                Number(guest.Counters.Requests),
                Number(guest.Counters.DeniedWrites),
                Number(guest.Counters.LateReplies),
            ]);
        }

        console.WriteTable(table);
        console.Output.WriteLine();
        WriteFunctions(console, status);
    }

    private static void WriteFunctions(CliConsole console, StatusReport status)
    {
        if (status.Guests.All(guest => guest.Functions.Count == 0))
        {
            return;
        }

        Table table = NewTable("Function", "Domain", "In guest", "Interrupts", "Policy", "From");
        foreach (GuestReport guest in status.Guests)
        {
            foreach (FunctionReport function in guest.Functions)
            {
                string[] cells = [function.Host + Condition(function), DomainOf(guest), function.Guest, InterruptsOf(function.Interrupts)];
                foreach (SettingReport? setting in function.Policy.Where((setting, index) => index == 0 || setting.Origin != "built in"))
                {
                    AddRow(table, [.. cells, Policy(setting), setting.Origin]);
                    Array.Fill(cells, "");
                }
            }
        }

        console.WriteTable(table);
        console.Output.WriteLine();
    }

    private static void WriteDenied(CliConsole console, StatusReport status)
    {
        if (status.Guests.All(guest => guest.Functions.All(function => function.DeniedWrites.Count == 0)))
        {
            return;
        }

        Table table = NewTable("Denied writes to", "Register", "Bits", "Times", "Allowed by");
        foreach (FunctionReport function in status.Guests.SelectMany(guest => guest.Functions))
        {
            foreach (DeniedWriteReport denied in function.DeniedWrites)
            {
                AddRow(table, [function.Host, denied.Register, denied.Bits, Number(denied.Count), RuleOf(denied.Rule)]);
            }
        }

        console.WriteTable(table);
        console.Output.WriteLine();
    }

    private static string RuleOf(RuleReport? rule) =>
        rule is null ? "no policy" : JsonText.OneLine(json => PolicyFileWriter.WriteRule(json, rule.ToRule()));

    private static void WriteDevices(CliConsole console, StatusReport status)
    {
        if (status.Assignable.Count == 0)
        {
            console.Output.WriteLine("No device is assignable.\n");
            return;
        }

        Table table = NewTable("Assignable", "Ids", "Name", "Taken from", "Guest");
        foreach (DeviceReport device in status.Assignable)
        {
            AddRow(table, [device.Address, $"{device.VendorId}:{device.DeviceId}", device.Name ?? "-", device.OriginalDriver ?? "-", GuestOf(device)]);
        }

        console.WriteTable(table);
        console.Output.WriteLine();
    }

    private static void WriteErrors(CliConsole console, ErrorsReport errors)
    {
        if (errors.Devices.Count > 0)
        {
            Table table = NewTable("Errors of", "Corrected", "Non-fatal", "Fatal", "Recovered", "Failed", "Last");
            foreach (DeviceErrorReport device in errors.Devices)
            {
                AddRow(table,
                [
                    device.Device + (device.Quarantined ? " (in quarantine)" : ""),
                    Number(device.Correctable),
                    Number(device.NonFatal),
                    Number(device.Fatal),
                    Number(device.Recovered),
                    Number(device.Failed),
                    device.Last ?? "-",
                ]);
            }

            console.WriteTable(table);
            console.Output.WriteLine();
        }

        foreach (string remark in errors.Remarks)
        {
            console.Output.WriteLine($"Errors of devices: {remark}\n");
        }
    }

    private static Table NewTable(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.None);
        table.AddColumns(columns);
        foreach (TableColumn column in table.Columns)
        {
            column.PadLeft(0).PadRight(2).NoWrap = true;
        }

        return table;
    }

    private static void AddRow(Table table, IEnumerable<string> cells) => table.AddRow(cells.Select(cell => new Text(cell)));

    private static string DomainOf(GuestReport guest) => guest.Name is null ? Number(guest.Domain) : $"{guest.Domain} {guest.Name}";

    // "msi-x x3 (55-57)": the pirqs in rising order; the order of the request is in the JSON.
    private static string InterruptsOf(InterruptReport interrupts)
    {
        string text = interrupts.Vectors > 1 ? string.Create(CultureInfo.InvariantCulture, $"{interrupts.Mode} x{interrupts.Vectors}") : interrupts.Mode;
        return interrupts.Pirqs.Count == 0 ? text : $"{text} ({RangeText.Of(interrupts.Pirqs)})";
    }

    private static string GuestOf(DeviceReport device) => device switch
    {
        { Domain: { } domain } => Number(domain),
        { Unusable: { } reason } => $"none: {reason}",
        _ => "-",
    };

    private static string Policy(SettingReport setting) => setting.Key == "profile" ? setting.Value : $"{setting.Key} {setting.Value}";

    private static string Condition(FunctionReport function) => (function.Gone, function.Slow) switch
    {
        (true, _) => " (gone)",
        (_, true) => " (slow)",
        _ => "",
    };

    private static string Stuck(IReadOnlyList<ShardReport> shards)
    {
        string[] stuck = [.. shards.Where(shard => !shard.Answers).Select(shard => Number(shard.Shard))];
        return stuck.Length > 0 ? $"; NOT ANSWERING: shard {string.Join(", ", stuck)}" : "";
    }

    private static string Hung(EngineCounters engine) => engine.Takeovers + engine.ReplacedWorkers is > 0 and var threads
        ? string.Create(CultureInfo.InvariantCulture, $", {threads} hung")
        : "";

    private static string NoPlace(long requests) => requests == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"; ENGINE BROKEN: {requests} found no place between threads, please report");

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        return time.TotalDays >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d {time.Hours}h")
            : time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture);
    }
}
