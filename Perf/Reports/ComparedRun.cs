using System.Globalization;
using System.Text.Json;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Reports;

/// <summary>Another run that one is shown beside: what <c>load --json</c> printed then.</summary>
/// <param name="Name">What it is called on the page.</param>
/// <param name="Report">Its report.</param>
public sealed record ComparedRun(string Name, LoadReport Report)
{
    /// <summary>Reads one.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The run, named after its file.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="JsonException">It is no report of this version's <c>load</c>.</exception>
    public static ComparedRun Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        LoadReport report = JsonSerializer.Deserialize(file, PerfJson.Default.LoadReport) ?? throw new JsonException("the file holds 'null'");
        return new(Path.GetFileName(path), report);
    }

    /// <summary>What the runs did not have in common, beside what a comparison is about: each difference says so in a sentence.</summary>
    internal IEnumerable<string> Differences(LoadReport own)
    {
        (string Name, string Own, string Other)[] conditions =
        [
            ("guests", Number(own.Guests), Number(Report.Guests)),
            ("mix", own.Mix, Report.Mix),
            ("source", own.Source, Report.Source),
            ("topology", own.Topology, Report.Topology),
            ("shards", Number(own.Shards), Number(Report.Shards)),
            ("rate", Number(own.Rate), Number(Report.Rate)),
            ("neighbours", own.Neighbour ?? "none", Report.Neighbour ?? "none"),
            ("machine", Machine(own.Machine), Machine(Report.Machine)),
        ];
        return conditions.Where(static condition => condition.Own != condition.Other)
            .Select(static condition => $"Different {condition.Name}: {condition.Own}, the other {condition.Other}.");
    }

    /// <summary>The figures of both.</summary>
    internal IEnumerable<ComparedFigure> Figures(LoadReport own)
    {
        yield return Figure("operations per second", own.OperationsPerSecond, Report.OperationsPerSecond, static value => Number(value));
        foreach (((string name, double time), (_, double other)) in TextReport.Columns(own.Latency).Zip(TextReport.Columns(Report.Latency)))
        {
            yield return Figure(name, time, other, DurationText.Format);
        }

        yield return Figure("p99.9 without stalls", own.NetOfStalls.Latency.P999, Report.NetOfStalls.Latency.P999, DurationText.Format);
        yield return Figure("p99.9 of the machine's hiccups", own.Hiccups.P999, Report.Hiccups.P999, DurationText.Format);
        yield return Figure("wake-ups per operation", own.WakeupsPerOperation, Report.WakeupsPerOperation, Fraction);
        yield return Figure("hardware accesses per operation", own.HardwareAccessesPerOperation, Report.HardwareAccessesPerOperation, Fraction);
        yield return Figure("bytes allocated per operation", own.BytesAllocatedPerOperation, Report.BytesAllocatedPerOperation, Fraction);
        yield return Figure("errors", own.Errors, Report.Errors, static value => Number(value));
    }

    private static ComparedFigure Figure(string name, double own, double other, Func<double, string> format) => new(
        name, format(own), format(other), other == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{own / other:0.00} ×"));

    private static string Number(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Fraction(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Machine(MachineDescription machine) => $"{machine.Cpu}, {machine.Cores} cores, {machine.Kernel}, {machine.Runtime}";
}
