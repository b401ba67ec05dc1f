using System.Globalization;

namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>What the two scenarios of the config path share: their files, their rows, what becomes of their reports.</summary>
internal static class ConfigPathRun
{
    /// <summary>Every backend.</summary>
    public static IReadOnlyList<string> All { get; } = [PathTable.Kernel, PathTable.Loop, PathTable.Ours];

    /// <summary>Those under which a driver works: the C loop only answers reads.</summary>
    public static IReadOnlyList<string> Drivers { get; } = [PathTable.Kernel, PathTable.Ours];

    /// <summary>Those that are programs.</summary>
    public static IReadOnlyList<string> Programs { get; } = [PathTable.Loop, PathTable.Ours];

    /// <summary>The machine with the C loop in dom0, and the reader there and in guests.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="count">Samples of each register in each round, a multiple of 100.</param>
    /// <param name="spinMicroseconds">How long the two programs look before they sleep.</param>
    public static Machine On(Machine machine, int count, int spinMicroseconds) => machine with
    {
        Files = new Dictionary<string, Func<string>>
        {
            ["usr/bin/yardstick"] = static () => CompiledProgram.Yardstick,
            ["usr/bin/configread"] = static () => CompiledProgram.ConfigRead,
            ["lab/config-path.sh"] = static () => Path.Combine(ScenarioScript.Folder, "Dom0", "config-path.sh"),
        },
        GuestFiles = new Dictionary<string, Func<string>> { ["usr/bin/configread"] = static () => CompiledProgram.ConfigRead },
        KernelArguments = string.Create(
            CultureInfo.InvariantCulture, $"lab.guests={LabSettings.MeasuredGuests} lab.count={count} lab.spin={spinMicroseconds}"),
    };

    /// <summary>Rows of one register's samples.</summary>
    /// <param name="what">Under which name dom0 reports them.</param>
    /// <param name="name">The register in words.</param>
    /// <param name="percentiles">Which, and the largest ratio to the kernel's; null: no goal.</param>
    public static IEnumerable<PathGoal> Reads(string what, string name, params (double Percentile, double? MostRatio)[] percentiles) =>
        percentiles.Select(row => new PathGoal(
            string.Create(CultureInfo.InvariantCulture, $"{name}: p{row.Percentile * 100:0.#}"), what, All, row.Percentile, row.MostRatio));

    /// <summary>Prints the table and keeps it and all samples beside the log; fails when a figure is missing.</summary>
    /// <param name="scenario">The scenario's name.</param>
    /// <param name="reports">What dom0 reported.</param>
    /// <param name="goals">The rows.</param>
    public static void Conclude(string scenario, IReadOnlyList<string> reports, IReadOnlyList<PathGoal> goals)
    {
        var table = PathTable.Parse(reports, goals);
        string text = table.ToMarkdown();
        File.WriteAllText(Path.Combine(LabSettings.Logs, $"{scenario}.md"), text);
        table.KeepSamples(Path.Combine(LabSettings.Logs, $"{scenario}.samples"));
        TestContext.Current.TestOutputHelper?.WriteLine(text);

        Assert.Empty(table.Missing);
    }
}
