using System.Globalization;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Hiccups;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Reports;
using PciBackFlow.Perf.Scripted;

namespace PciBackFlow.Perf.Comparison;

/// <summary>Everything that is measured, as rows of the table. What a row compares is measured alternately: a machine that changes changes both.</summary>
internal sealed class Measurements(ComparisonOptions options, TextWriter progress) : IDisposable
{
    /// <summary>The shipped network card: 4096 bytes, half of them answered from memory when only what is known is listed.</summary>
    private const string Function = "e1000e";
    private const int GuestsOfAShard = 8;
    private const int Crowd = 1000;
    private const int Few = 100;
    private const int KeptSamples = 20_000_000;

    // More than this of a processor used by others, and the figures are theirs too.
    private const double QuietProcessors = 0.1;

    private readonly Yardstick _yardstick = new(options.Yardstick, Open());
    private readonly List<LoadReport> _reports = [];

    /// <summary>Measures everything.</summary>
    /// <returns>The table's rows.</returns>
    internal IReadOnlyList<ComparisonRow> Run() =>
    [
        .. RoundTripRows(20, isJudged: true),
        .. RoundTripRows(0, isJudged: false),
        .. EngineRows(),
        ShardRow(),
        .. CrowdRows(),
        .. FairnessRows(),
        .. SoakRows(),
        .. CountRows(),
    ];

    /// <summary>Whether others used this machine beside the load runs; null when they did not.</summary>
    internal string? Noise()
    {
        MachineUse most = _reports.ConvertAll(static report => report.Use).MaxBy(static use => use.Others + use.Stolen)!;
        return most.Others + most.Stolen <= QuietProcessors
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"This machine was not quiet: beside one of the runs others used {most.Others} processors, and {most.Stolen} were stolen.");
    }

    /// <inheritdoc/>
    public void Dispose() => _yardstick.Dispose();

    /// <summary>The function that everything is measured with.</summary>
    internal static CapturedFunction Open() => BuiltinCaptures.TryLoad(Function, out Capture? capture)
        ? CapturedFunction.All(capture)[0]
        : throw new ComparisonFailedException($"{Function} is not shipped");

    private static LoadSource Source() => new($"builtin {Function}", IsLive: false, [Open]);

    private IEnumerable<ComparisonRow> RoundTripRows(int spin, bool isJudged)
    {
        string name = $"round trip of one guest, one shard, spin {spin} µs";
        if (Processors.WhyNot(2) is { } why)
        {
            yield return ComparisonRow.NotHere(name, isJudged ? "≤ 1.1 ×" : string.Empty, why);
            yield break;
        }

        List<RoundTrips> yardstick = [];
        List<RoundTrips> own = [];
        for (int round = 1; round <= options.Rounds; round++)
        {
            Say(name, round);
            yardstick.Add(_yardstick.MeasureLoopback(options.Seconds, guests: 1, spin, Raw($"round-trip-spin{spin}-c-{round}.txt")));
            LoadReport report = Load(new LoadOptions { Guests = 1, Shards = 1, ClientThreads = 1, SpinMicroseconds = spin }, Source());
            Keep($"round-trip-spin{spin}-own-{round}.txt", report.Samples);
            own.Add(new(report.OperationsPerSecond, report.Latency.P50, report.Latency.P99));
        }

        yield return ComparisonRow.RatioOf($"{name}: p50", DurationText.Format, [.. yardstick.Select(P50)], [.. own.Select(P50)], isJudged ? 1.1 : null);
        yield return ComparisonRow.RatioOf($"{name}: p99", DurationText.Format, [.. yardstick.Select(P99)], [.. own.Select(P99)], null);

        static double P50(RoundTrips trips) => trips.P50;
        static double P99(RoundTrips trips) => trips.P99;
    }

    private List<ComparisonRow> EngineRows()
    {
        const double MostNanoseconds = 200;
        List<ComparisonRow> rows = [];
        foreach ((string name, int dwords) in (ReadOnlySpan<(string, int)>)[("a register in memory", 1), ("a listing of all registers", int.MaxValue)])
        {
            using var engine = new OwnEngine(Open());
            List<double> yardstick = [];
            List<double> own = [];
            for (int round = 1; round <= options.Rounds; round++)
            {
                Say($"engine alone, {name}", round);
                yardstick.Add(_yardstick.MeasureEngine(options.Seconds / 2, dwords));
                own.Add(engine.Measure(options.Seconds / 2, dwords));
            }

            rows.Add(ComparisonRow.RatioOf($"engine alone, {name}", DurationText.Format, yardstick, own, null));
            if (dwords == 1)
            {
                rows.Add(ComparisonRow.FigureOf($"engine alone, {name}: time", DurationText.Format, own, MostNanoseconds));
            }
        }

        return rows;
    }

    private ComparisonRow ShardRow()
    {
        const string Name = "2 shards over 1, requests scripted on the shards' threads";
        const double Least = 1.8;
        string goal = string.Create(CultureInfo.InvariantCulture, $"≥ {Least} ×");
        if (Processors.WhyNotCores(2) is { } why)
        {
            return ComparisonRow.NotHere(Name, goal, why);
        }

        List<double> one = [];
        List<double> two = [];
        for (int round = 1; round <= options.Rounds; round++)
        {
            Say(Name, round);
            one.Add(ScriptedRate(1));
            two.Add(ScriptedRate(2));
        }

        double[] ratios = [.. two.Zip(one, static (t, o) => t / o).Order()];
        double median = ComparisonRow.Median(ratios);
        string result = string.Create(CultureInfo.InvariantCulture, $"{median:0.00} × ({ratios[0]:0.00}–{ratios[^1]:0.00})");
        string rates = $"{Rate(ComparisonRow.Median(one))} → {Rate(ComparisonRow.Median(two))}";
        return new ComparisonRow(Name, "–", rates, result, goal, median >= Least ? Verdict.Met : Verdict.Missed);
    }

    private double ScriptedRate(int shards)
    {
        using var scripted = new ScriptedShards(Open, ScriptedRequest.ScanOf(Open().Size), shards, GuestsOfAShard * shards);
        scripted.Begin(long.MaxValue);
        Thread.Sleep(TimeSpan.FromSeconds(options.Seconds / 5));
        long before = scripted.Operations;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Thread.Sleep(TimeSpan.FromSeconds(options.Seconds));
        double rate = (scripted.Operations - before) / System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        scripted.Stop();
        return scripted.Mistakes == 0 ? rate : throw new ComparisonFailedException($"{scripted.Mistakes} scripted requests were answered wrong");
    }

    private IEnumerable<ComparisonRow> CrowdRows()
    {
        string guests = string.Create(CultureInfo.InvariantCulture, $"{Crowd:#,0} guests");
        string closedName = $"{guests}, closed loop: p99.9 net of stalls ÷ (guests ÷ throughput)";
        string openName = $"{guests}, open loop at half of that: p99.9 ÷ p50, net of stalls";
        if (Processors.WhyNot(2) is { } why)
        {
            return [ComparisonRow.NotHere(closedName, "≤ 3 ×", why), ComparisonRow.NotHere(openName, "≤ 10 ×", why)];
        }

        List<double> closed = [];
        List<double> open = [];
        List<LoadReport> reports = [];
        for (int round = 1; round <= options.Rounds; round++)
        {
            Say(guests, round);
            LoadReport busy = Load(new LoadOptions { Guests = Crowd }, LoadSource.Builtin());
            closed.Add(busy.NetOfStalls.Latency.P999 / (Crowd / busy.OperationsPerSecond * 1e9));
            LoadReport planned = Load(new LoadOptions { Guests = Crowd, Rate = busy.OperationsPerSecond / 2 }, LoadSource.Builtin());
            open.Add((double)planned.NetOfStalls.Latency.P999 / Math.Max(1, planned.NetOfStalls.Latency.P50));
            Keep($"crowd-closed-{round}.json", busy);
            Keep($"crowd-open-{round}.json", planned);
            reports.AddRange([busy, planned]);
        }

        string stalls = $"{reports.Sum(static report => report.NetOfStalls.Stalls)} stalls, "
            + string.Create(CultureInfo.InvariantCulture, $"{reports.Sum(static report => report.NetOfStalls.SetAside):#,0} of ")
            + string.Create(CultureInfo.InvariantCulture, $"{reports.Sum(static report => report.Operations):#,0} operations set aside")
            + (reports.TrueForAll(static report => report.NetOfStalls.RealTime) ? string.Empty : "; the meter was an ordinary thread");
        return
        [
            ComparisonRow.FigureOf(closedName, Times, closed, 3) with { Remark = stalls },
            ComparisonRow.FigureOf(openName, Times, open, 10),
        ];
    }

    private IEnumerable<ComparisonRow> FairnessRows()
    {
        (string Name, LoadOptions With)[] pairs =
        [
            ("a tenth of the guests storm", new LoadOptions { Guests = Few, Neighbour = new(NeighbourKind.Storm, TimeSpan.Zero) }),
            (
                "one worker, asked for by a tenth of slow functions",
                new LoadOptions { Guests = Few, Workers = 1, Neighbour = new(NeighbourKind.Access, TimeSpan.FromMilliseconds(20)) }),
            ("a tenth asks by far the most (Zipf)", new LoadOptions { Guests = Crowd, Neighbour = new(NeighbourKind.Zipf, TimeSpan.Zero) }),
        ];
        foreach ((string name, LoadOptions with) in pairs)
        {
            Say($"fairness: {name}", 1);
            LoadReport without = Load(with with { Neighbour = null }, LoadSource.Builtin());
            LoadReport beside = Load(with, LoadSource.Builtin(), warmup: 2);
            GroupFigures others = beside.Others!;
            string result = string.Create(
                CultureInfo.InvariantCulture,
                $"{(double)others.Latency.P50 / without.Latency.P50:0.00} × p50, {(double)others.Latency.P99 / without.Latency.P99:0.00} × p99");

            // Who is drawn by lot may not be drawn in a short window.
            bool isServed = with.Neighbour!.Kind == NeighbourKind.Zipf ? others.Operations > 0 : beside.PerGuest.Min > 0;
            bool isFair = without.Errors == 0 && beside.Errors == 0 && isServed;
            yield return new ComparisonRow(
                string.Create(CultureInfo.InvariantCulture, $"{with.Guests:#,0} guests, {name}: the others' p99 beside them and without"),
                "–", $"{DurationText.Format(others.Latency.P99)}, {DurationText.Format(without.Latency.P99)}", result,
                "all served, no error", isFair ? Verdict.Met : Verdict.Missed);
        }
    }

    private IEnumerable<ComparisonRow> SoakRows()
    {
        if (options.SoakSeconds == 0)
        {
            yield break;
        }

        progress.WriteLine($"soak of {options.SoakSeconds} s");
        LoadReport soak = Load(new LoadOptions { Guests = 64, Mix = LoadMix.Mixed }, LoadSource.Builtin(), seconds: options.SoakSeconds);
        Keep("soak.json", soak);
        string name = string.Create(CultureInfo.InvariantCulture, $"soak of {options.SoakSeconds:0.#} s: collections of the whole process");
        string counts = string.Create(
            CultureInfo.InvariantCulture, $"{soak.Operations:#,0} operations, {soak.BytesAllocatedPerOperation:0.######} bytes each");
        yield return new ComparisonRow(
            name, "–", string.Join('/', soak.GcCollections), counts, "0", soak.GcCollections.Sum() == 0 ? Verdict.Met : Verdict.Missed);
    }

    private IEnumerable<ComparisonRow> CountRows()
    {
        double bytes = _reports.Max(static report => report.BytesAllocatedPerOperation);
        int collections = _reports.Sum(static report => report.GcCollections.Sum());
        long errors = _reports.Sum(static report => report.Errors);
        yield return ComparisonRow.FigureOf("bytes allocated per operation, the most of all runs", Plain, [bytes], 0);
        yield return ComparisonRow.FigureOf("collections in all runs' windows", Plain, [collections], 0);
        yield return ComparisonRow.FigureOf("wrong, failed or late answers in all runs", Plain, [errors], 0);
    }

    private LoadReport Load(LoadOptions load, LoadSource source, double? warmup = null, double? seconds = null)
    {
        LoadReport report = LoadRun.Execute(
            load with
            {
                DurationSeconds = seconds ?? options.Seconds,
                WarmupSeconds = warmup ?? Math.Max(0.2, options.Seconds / 5),
                KeepSamples = options.RawDirectory is not null && load.Guests == 1 ? KeptSamples : 0,
            },
            source);
        _reports.Add(report);
        return report;
    }

    private void Say(string what, int round) => progress.WriteLine($"{what}, round {round}");

    private string? Raw(string file) => options.RawDirectory is { } directory ? Path.Combine(directory, file) : null;

    private void Keep(string file, IReadOnlyList<long> samples)
    {
        if (Raw(file) is { } path)
        {
            File.WriteAllLines(path, samples.Select(static sample => sample.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private void Keep(string file, LoadReport report)
    {
        if (Raw(file) is { } path)
        {
            File.WriteAllText(path, PerfJson.Format(report));
        }
    }

    private static string Times(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:0.##} ×");

    private static string Plain(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Rate(double rate) => string.Create(CultureInfo.InvariantCulture, $"{rate / 1e6:0.00} M/s");
}
