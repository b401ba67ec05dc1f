using System.Globalization;
using System.Text;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Profiling;

namespace PciBackFlow.Perf.Reports;

/// <summary>The reports as a person reads them in a terminal.</summary>
public static class TextReport
{
    /// <summary>A load run: summary, latency table, histogram.</summary>
    /// <param name="report">The report.</param>
    /// <param name="other">Another run to show it beside; null: none.</param>
    /// <returns>Lines, each ended by a line feed.</returns>
    public static string Format(LoadReport report, ComparedRun? other = null)
    {
        var text = new StringBuilder();
        string loop = report.Rate > 0
            ? string.Create(CultureInfo.InvariantCulture, $"open loop at {report.Rate:0.##} op/s, latency from the planned time")
            : "closed loop";
        string shards = report.Shards == 1 ? "1 shard" : string.Create(CultureInfo.InvariantCulture, $"{report.Shards} shards");
        string neighbour = report.Neighbour is null ? string.Empty : $", a tenth {report.Neighbour}";
        Line(text, $"{report.Guests} guests ({report.Frontend}), {shards}, {report.Topology}, {report.Mix} of {report.Source}{neighbour}, {loop}");
        Line(text, $"{report.Machine.Cpu}, {report.Machine.Cores} cores, {report.Machine.Kernel}, {report.Machine.Virtualisation}, {report.Machine.Runtime}");
        text.Append('\n');
        Line(text, $"  operations          {report.Operations:#,0} in {report.Seconds:0.00} s{(report.Interrupted ? " (interrupted)" : string.Empty)}");
        Line(text, $"  rate                {report.OperationsPerSecond:#,0} op/s");
        Line(text, $"  per guest           {report.PerGuest.Min:#,0} to {report.PerGuest.Max:#,0} operations");
        Line(text, $"  errors              {report.Errors:#,0} (wire {report.WireErrors}, time-outs {report.TimeOuts}, wrong data {report.WrongData})");
        if (report.FirstError is not null)
        {
            Line(text, $"  first error         {report.FirstError}");
        }

        if (report is { Others: { } beside, Neighbours: { } neighbours })
        {
            Line(text, $"  others              {Group(beside)}");
            Line(text, $"  neighbours          {Group(neighbours)}");
            if (report.StormSignals != 0)
            {
                Line(text, $"                      {report.StormSignals:#,0} signals of theirs without a request");
            }

            if (report.ExpectedMisses != 0)
            {
                Line(text, $"                      {report.ExpectedMisses:#,0} misses of theirs, expected");
            }
        }

        if (report.Boot is { } boot)
        {
            string slowest = $"slowest guest {DurationText.Format(boot.Slowest)} from first access to interrupts";
            string others = $"p50 {DurationText.Format(boot.P50)}, p99.9 {DurationText.Format(boot.P999)}";
            Line(text, $"  boots               {boot.Boots:#,0} with {report.Workers} workers; {slowest}, {others}");
            Line(text, $"  missed a deadline   {boot.MissedDeadlineShare * 100:0.###} % of the boots");
        }

        Line(text, $"  late replies        {report.LateRepliesDropped:#,0} dropped");
        Line(text, $"  allocated           {report.BytesAllocatedPerOperation:0.######} B/op; collections {string.Join('/', report.GcCollections)}");
        Line(text, $"  hardware accesses   {report.HardwareAccessesPerOperation:0.000} per op; {report.ShadowHitRatio * 100:0.0} % of ops from the shadow");
        Line(text, $"  wake-ups            {report.WakeupsPerOperation:0.000} per op");
        Line(text, $"  processors used     {report.Use.Own} by this run, {report.Use.Others} by others, {report.Use.Stolen} stolen");
        text.Append('\n');
        text.Append(LatencyTable(report.Latency));
        text.Append(Row("no stalls", report.NetOfStalls.Latency));
        HiccupSummary hiccups = report.Hiccups;
        string most = $"{DurationText.Format(hiccups.P99),11}{DurationText.Format(hiccups.P999),11}{string.Empty,11}{DurationText.Format(hiccups.Max),11}";
        Line(text, $"{"hiccups",-9}{DurationText.Format(hiccups.P50),11}{string.Empty,11}{most}");
        Line(text, $"{HiccupLine(report)}");
        text.Append('\n');
        if (other is not null)
        {
            Append(text, report, other);
        }

        text.Append("latency in nanoseconds\n");
        text.Append(PowerOfTwoRows.Format(PowerOfTwoRows.Count(report.Histogram)));
        return text.ToString();
    }

    /// <summary>A latency table of two lines: names and values.</summary>
    /// <param name="latency">The percentiles.</param>
    /// <returns>Lines, each ended by a line feed.</returns>
    public static string LatencyTable(LatencySummary latency)
    {
        var names = new StringBuilder("latency  ");
        foreach ((string name, _) in Columns(latency))
        {
            names.Append(CultureInfo.InvariantCulture, $"{name,11}");
        }

        return $"{names}\n{Row(string.Empty, latency)}";
    }

    /// <summary>What the machine did meanwhile, in a sentence.</summary>
    internal static string HiccupLine(LoadReport report)
    {
        NetOfStalls net = report.NetOfStalls;
        string stalls = net.Stalls == 1 ? "1 time" : string.Create(CultureInfo.InvariantCulture, $"{net.Stalls:#,0} times");
        string meter = net.RealTime
            ? "The meter ran before all ordinary threads."
            : "The meter was an ordinary thread: waiting for a busy processor counts too.";
        return $"The machine stalled {stalls} for {DurationText.Format(net.ThresholdNanoseconds)} or longer, "
            + $"{DurationText.Format(net.StalledNanoseconds)} in all; "
            + $"{net.SetAside.ToString("#,0", CultureInfo.InvariantCulture)} operations that touched a stall are set aside. {meter}";
    }

    private static string Row(string name, LatencySummary latency)
    {
        var values = new StringBuilder($"{name,-9}");
        foreach ((_, double value) in Columns(latency))
        {
            values.Append(CultureInfo.InvariantCulture, $"{DurationText.Format(value),11}");
        }

        return $"{values}\n";
    }

    private static void Append(StringBuilder text, LoadReport report, ComparedRun other)
    {
        Line(text, $"beside {other.Name}");
        foreach (string difference in other.Differences(report))
        {
            Line(text, $"  {difference}");
        }

        Line(text, $"  {"",-32}{"this run",14}{"the other",14}{"ratio",10}");
        foreach (ComparedFigure figure in other.Figures(report))
        {
            Line(text, $"  {figure.Name,-32}{figure.Own,14}{figure.Other,14}{figure.Ratio,10}");
        }

        text.Append('\n');
    }

    /// <summary>A profile: one line for each stage.</summary>
    /// <param name="report">The report.</param>
    /// <returns>Lines, each ended by a line feed.</returns>
    public static string Format(ProfileReport report)
    {
        var text = new StringBuilder();
        Line(text, $"{report.Operations:#,0} operations, {report.Topology}, {report.Source}; stages of {report.Sampled:#,0} timed");
        Line(text, $"{report.Machine.Cpu}, {report.Machine.Cores} cores, {report.Machine.Kernel}, {report.Machine.Virtualisation}, {report.Machine.Runtime}");
        text.Append('\n');
        Line(text, $"{"stage",-12}{"p50",11}{"p99",11}");
        foreach (StageProfile stage in report.Stages.Append(report.Total))
        {
            Line(text, $"{stage.Name,-12}{DurationText.Format(stage.P50),11}{DurationText.Format(stage.P99),11}");
        }

        text.Append('\n');
        if (report.ConfigAccessNanoseconds is { } access)
        {
            Line(text, $"one config access   {DurationText.Format(access)}");
        }

        Line(text, $"allocated           {report.BytesAllocatedPerOperation:0.######} B/op");
        if (report.RoundTrip is { } roundTrip)
        {
            text.Append('\n');
            text.Append("round trip as the guest sees it\n");
            text.Append(LatencyTable(roundTrip));
        }

        return text.ToString();
    }

    internal static IEnumerable<(string Name, double Nanoseconds)> Columns(LatencySummary latency) =>
    [
        ("p50", latency.P50), ("p90", latency.P90), ("p99", latency.P99), ("p99.9", latency.P999),
        ("p99.99", latency.P9999), ("max", latency.Max), ("mean", latency.Mean),
    ];

    private static string Group(GroupFigures group) => string.Create(
        CultureInfo.InvariantCulture,
        $"{group.Guests:#,0} guests, {group.Operations:#,0} operations; p50 {DurationText.Format(group.Latency.P50)}, "
        + $"p99 {DurationText.Format(group.Latency.P99)}, max {DurationText.Format(group.Latency.Max)}");

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
