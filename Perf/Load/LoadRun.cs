using System.Diagnostics;
using HdrHistogram;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Hiccups;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load.Rounds;
using PciBackFlow.Perf.Reports;
using PciBackFlow.Pipeline;
using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// Simulated guests against the real backend in one process: connect, search, warm up, measure, drain, report. Every answer is compared
/// with its source.
/// </summary>
public static class LoadRun
{
    // Timing a request's stages costs as much as the stages do: of one in 128 it does not show.
    private const int StagesOfOneIn = 128;

    /// <summary>Runs a load. Blocks until it is over.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="source">The guests' functions.</param>
    /// <param name="progress">
    /// Called about once a second on this thread. In the measured window what it allocates shows in the collection counts: see <see cref="ProgressLine"/>.
    /// </param>
    /// <param name="cancel">Ends the run; in the measured window with a report of what was measured so far.</param>
    /// <returns>The report.</returns>
    /// <exception cref="ArgumentException">An option is not legal or not available; the message says which.</exception>
    /// <exception cref="LoadFailedException">No function fits, or a guest did not connect.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before anything was measured.</exception>
    public static LoadReport Execute(LoadOptions options, LoadSource source, Action<LoadProgress>? progress = null, CancellationToken cancel = default)
    {
        using var load = new EmbeddedLoad(options, source, progress, cancel);
        load.Probe();

        load.Run(LoadPhase.WarmUp, After(options.WarmupSeconds));
        cancel.ThrowIfCancellationRequested();

        // Setting up leaves garbage, and so do the lines about each guest's first denied writes; its collection belongs before the window.
        GC.Collect();

        Func<bool> isOver = After(options.DurationSeconds);
        var timeline = new LoadTimeline(options.DurationSeconds);
        Func<bool> isOverAndNoted = () =>
        {
            if (timeline.IsDue)
            {
                timeline.End(load.Operations, load.TakeLongestOfSlice(), load.Hiccups.TakeLongest());
            }

            return isOver();
        };
        load.Backend.Engine.SampleStages(StagesOfOneIn);
        var before = Edge.Read(load);
        load.TakeLongestOfSlice();
        load.Hiccups.TakeLongest();
        load.Hiccups.BeginWindow();
        timeline.Begin();
        long start = Stopwatch.GetTimestamp();
        load.Run(LoadPhase.Measure, isOverAndNoted);
        bool interrupted = cancel.IsCancellationRequested && Stopwatch.GetElapsedTime(start).TotalSeconds < options.DurationSeconds;
        int[] collections = Collections();
        load.Drain();
        load.Hiccups.Stop();
        var after = Edge.Read(load);
        return Report(options, source, load, before, after, collections, interrupted) with { Timeline = timeline.Slices };
    }

    private static Func<bool> After(double seconds)
    {
        long start = 0;
        return () =>
        {
            start = start == 0 ? Stopwatch.GetTimestamp() : start;
            return Stopwatch.GetElapsedTime(start).TotalSeconds >= seconds;
        };
    }

    private static int[] Collections() => [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];

    private static LoadReport Report(
        LoadOptions options, LoadSource source, EmbeddedLoad load, Edge before, Edge after, int[] collections, bool interrupted)
    {
        LongHistogram latency = LatencySummary.NewHistogram();
        LongHistogram neighbourLatency = LatencySummary.NewHistogram();
        LongHistogram aside = LatencySummary.NewHistogram();
        var samples = new List<long>();
        var guests = new List<LoadGuest>(options.Guests);
        double seconds = 0;
        long clientBytes = 0;
        foreach (LoadClient client in load.Clients)
        {
            client.Samples.Settle();
            latency.Add(client.Samples.Latency);
            neighbourLatency.Add(client.Samples.NeighbourLatency);
            aside.Add(client.Samples.Aside);
            samples.AddRange(client.Samples.Kept);
            guests.AddRange(client.Guests);
            seconds += client.WindowSeconds / load.Clients.Count;
            clientBytes += client.WindowAllocatedBytes;
        }

        long operations = guests.Sum(guest => guest.Operations);
        double perOperation = operations == 0 ? 0 : 1.0 / operations;
        List<LoadGuest> judged = guests.FindAll(guest => guest.ErrorsCount);
        long wire = judged.Sum(guest => guest.WireErrors);
        long timeOuts = judged.Sum(guest => guest.TimeOuts);
        long wrong = judged.Sum(guest => guest.WrongData);
        LoadGuest? failed = judged.Find(guest => guest.FirstFailure is not null);

        // Before the two are one.
        GroupFigures? others = options.Neighbour is null ? null : Group(guests.FindAll(guest => guest.Neighbour is null), latency);
        GroupFigures? neighbours = options.Neighbour is null ? null : Group(guests.FindAll(guest => guest.Neighbour is not null), neighbourLatency);
        latency.Add(neighbourLatency);
        LongHistogram net = Difference(latency, aside);
        return new LoadReport
        {
            Guests = options.Guests,
            Shards = load.Backend.Engine.ShardCount,
            Topology = PipelineTopologyNames.NameOf(options.Topology),
            Mix = Names.Of(options.Mix),
            Source = source.Name,
            Frontend = Names.Of(options.Frontend),
            Neighbour = options.Neighbour?.ToString(),
            Rate = options.Rate,
            Workers = load.Workers,
            ClientThreads = load.Clients.Count,
            Seconds = seconds,
            Operations = operations,
            OperationsPerSecond = seconds > 0 ? operations / seconds : 0,
            Errors = wire + timeOuts + wrong,
            WireErrors = wire,
            TimeOuts = timeOuts,
            WrongData = wrong,
            ExpectedMisses = guests.Where(guest => !guest.ErrorsCount).Sum(guest => guest.WireErrors + guest.TimeOuts + guest.WrongData),
            FirstError = failed is null ? null : FailureText.Of(failed),
            FirstErrorCause = failed is null ? null : FailureText.CauseOf(failed.FirstFailure!),
            LateRepliesDropped = after.LateReplies - before.LateReplies,
            Latency = LatencySummary.From(latency),
            Hiccups = HiccupSummary.From(load.Hiccups.Histogram),
            NetOfStalls = new NetOfStalls(
                HiccupMeter.LeastStallNanoseconds, load.Hiccups.IsRealTime, load.Hiccups.WindowStalls, load.Hiccups.WindowStalledNanoseconds,
                aside.TotalCount, LatencySummary.From(net)),
            NetSpectrum = aside.TotalCount == 0 ? [] : PercentilePoint.SpectrumOf(net),
            Stages = StagesOf(load.Backend.Engine.ReadStageTimings()),
            Use = MachineUse.Between(before.Use, after.Use),
            StormSignals = load.Clients.Sum(client => client.Signals),
            Spectrum = PercentilePoint.SpectrumOf(latency),
            HiccupSpectrum = PercentilePoint.SpectrumOf(load.Hiccups.Histogram),
            Others = others,
            Neighbours = neighbours,
            Boot = options.Mix == LoadMix.Boot ? BootFigures.Of(load.Clients.Select(client => client.Boots)) : null,
            PerGuest = new PerGuestOperations(guests.Min(guest => guest.Operations), guests.Max(guest => guest.Operations)),
            BytesAllocatedPerOperation = (clientBytes + after.AllocatedSince(before)) * perOperation,
            GcCollections = [.. collections.Zip(before.Collections, (now, then) => now - then)],
            HardwareAccessesPerOperation = (after.HardwareAccesses - before.HardwareAccesses) * perOperation,
            ShadowHitRatio = guests.Sum(guest => guest.ShadowHits) * perOperation,
            WakeupsPerOperation = (after.Wakeups - before.Wakeups) * perOperation,
            StageThreads = after.StageThreads(),
            Machine = MachineDescription.Describe(),
            Histogram = latency,
            Samples = samples,
            Interrupted = interrupted,
        };
    }

    private static GroupFigures Group(List<LoadGuest> guests, LongHistogram latency) =>
        new(guests.Count, guests.Sum(guest => guest.Operations), LatencySummary.From(latency));

    private static LongHistogram Difference(LongHistogram all, LongHistogram aside)
    {
        // Both have the same buckets, so counts of equal values can be taken from each other.
        LongHistogram net = LatencySummary.NewHistogram();
        foreach (HdrHistogram.Iteration.HistogramIterationValue step in all.RecordedValues())
        {
            long left = step.CountAtValueIteratedTo - aside.GetCountAtValue(step.ValueIteratedTo);
            if (left > 0)
            {
                net.RecordValueWithCount(step.ValueIteratedTo, left);
            }
        }

        return net;
    }

    private static IReadOnlyList<StageProfile> StagesOf(IReadOnlyList<StageTiming> timings) =>
        [.. timings.Where(static timing => timing.Count != 0)
            .Select(StageProfile.Of)];

    /// <summary>The backend's counters at one edge of the window.</summary>
    private sealed class Edge
    {
        private IReadOnlyList<StageThread> _threads = [];

        internal required long LateReplies { get; init; }

        internal required long HardwareAccesses { get; init; }

        internal required long Wakeups { get; init; }

        internal MachineUse.Counters Use { get; private init; }

        internal int[] Collections { get; private set; } = [];

        internal static Edge Read(EmbeddedLoad load)
        {
            var edge = new Edge
            {
                LateReplies = load.LateReplies,
                HardwareAccesses = load.HardwareAccesses,
                Wakeups = load.Backend.Engine.ReadCounters().Wakeups,
                Use = MachineUse.Read(),
            };

            // Twice: what a thread allocates to say its first figure would count as the window's.
            _ = load.Backend.Engine.ReadThreads();
            edge._threads = load.Backend.Engine.ReadThreads();

            // Last: what reading the rest allocates is not the load's.
            edge.Collections = LoadRun.Collections();
            return edge;
        }

        /// <summary>What the backend's threads have allocated between the edges; a thread that began in between counts whole.</summary>
        internal long AllocatedSince(Edge before) => _threads.Sum(thread =>
            thread.AllocatedBytes - (before._threads.FirstOrDefault(earlier => earlier.ManagedThreadId == thread.ManagedThreadId)?.AllocatedBytes ?? 0));

        internal Dictionary<string, IReadOnlyList<int>> StageThreads()
        {
            var stages = new Dictionary<string, IReadOnlyList<int>>();
            foreach (string name in Names.Stages)
            {
                int[] ids = [.. _threads.Where(thread => thread.Stages.Contains(name)).Select(thread => thread.ManagedThreadId).Order()];
                stages.Add(name, ids);
            }

            return stages;
        }
    }
}
