using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Perf.Load;

/// <summary>What a load run does. Checked once by <see cref="Validate"/>.</summary>
public sealed record LoadOptions
{
    /// <summary>Simulated guests, each with one function: 1 to 32,000.</summary>
    public int Guests { get; init; } = 64;

    /// <summary>Length of the measured window in seconds: 0.1 to 86,400.</summary>
    public double DurationSeconds { get; init; } = 10;

    /// <summary>Load before the window in seconds, after every guest has found its function: 0 to 3,600.</summary>
    public double WarmupSeconds { get; init; } = 1;

    /// <summary>Shards: 1 to 256; 0 chooses by the number of processors.</summary>
    public int Shards { get; init; }

    /// <summary>How the stages lie over threads.</summary>
    public PipelineTopology Topology { get; init; } = PipelineTopology.Fused;

    /// <summary>What the guests do.</summary>
    public LoadMix Mix { get; init; } = LoadMix.Scan;

    /// <summary>
    /// With <see cref="LoadMix.Replay"/>: the accesses to repeat, each one that can be sent again (<see cref="Backend.Insight.Replay.IsPossible"/>).
    /// </summary>
    public IReadOnlyList<TraceRecord> Recording { get; init; } = [];

    /// <summary>Whether every request is traced, and read by somebody who throws it away: to see what tracing costs.</summary>
    public bool IsTraced { get; init; }

    /// <summary>Requests per second over all guests, on a constant plan; 0 is a closed loop: each guest asks as soon as it is answered.</summary>
    public double Rate { get; init; }

    /// <summary>How long a shard keeps looking before it blocks, in microseconds; null takes the engine's own default.</summary>
    public int? SpinMicroseconds { get; init; }

    /// <summary>Threads of the backend for requests that may block: 1 to 256; null takes the engine's own default.</summary>
    public int? Workers { get; init; }

    /// <summary>What a tenth of the functions do to the others; null: nothing.</summary>
    public Neighbour? Neighbour { get; init; }

    /// <summary>Threads that play the guests: 1 to 256; 0 chooses by the number of processors.</summary>
    public int ClientThreads { get; init; }

    /// <summary>Whose frontend the guests have.</summary>
    public FrontendKind Frontend { get; init; } = FrontendKind.Linux;

    /// <summary>Real hardware only: read everything instead of header and known capabilities. Captures are always read whole.</summary>
    public bool AllRegisters { get; init; }

    /// <summary>The Linux frontends' patience.</summary>
    public FrontendTiming Timing { get; init; } = FrontendTiming.Linux;

    /// <summary>
    /// How long one register access may last before the engine takes its function for stuck, in milliseconds: 10 to 60,000; null takes the engine's
    /// own default. Raise it where other programs keep this machine so busy that a thread may not run for that long.
    /// </summary>
    public int? AccessLimitMilliseconds { get; init; }

    /// <summary>How many of the window's first latencies to keep, in <see cref="LoadReport.Samples"/>: 0 to 100,000,000, eight bytes each.</summary>
    public int KeepSamples { get; init; }

    /// <summary>Throws for the first option that is not legal.</summary>
    /// <exception cref="ArgumentException">The message names the option and its legal range, or says what is not available.</exception>
    public void Validate()
    {
        Require("guests", Guests, 1, 32_000);
        Require("duration", DurationSeconds, 0.1, 86_400);
        Require("warm-up", WarmupSeconds, 0, 3_600);
        Require("shards", Shards, 0, 256);
        Require("rate", Rate, 0, 1e9);
        Require("access limit", AccessLimitMilliseconds ?? 10, 10, 60_000);
        Require("client threads", ClientThreads, 0, 256);
        Require("workers", Workers ?? 1, 1, 256);
        Require("kept samples", KeepSamples, 0, 100_000_000);
        if (Neighbour is { } neighbour)
        {
            Require("the neighbours' time in seconds", neighbour.Time.TotalSeconds, neighbour.Least.TotalSeconds, Neighbour.Most.TotalSeconds);
        }

        if (Mix == LoadMix.Scan && Neighbour is { NeedsEnabling: true })
        {
            throw new ArgumentException(
                $"neighbours that are '{Neighbour}' are so when they are enabled, which the mix 'scan' does not do; use mixed, write, interrupts or boot");
        }

        if (Neighbour is { Kind: NeighbourKind.Zipf } && (Rate > 0 || Mix == LoadMix.Boot))
        {
            throw new ArgumentException("neighbours that are 'zipf' say how often guests ask, as a rate and the mix 'boot' do; leave one of them out");
        }

        if (NeedsMessages && Frontend == FrontendKind.NetBsd)
        {
            throw new ArgumentException(
                $"the mix '{Names.Of(Mix)}' is not available with NetBSD's frontend, which has no message interrupts; use linux or minios");
        }

        if (Mix == LoadMix.Replay != Recording.Count > 0)
        {
            throw new ArgumentException("a recording and the mix 'replay' belong together");
        }

        if (Mix == LoadMix.Boot && Rate > 0)
        {
            throw new ArgumentException("the mix 'boot' has a plan of its own: all guests at once; leave the rate out");
        }
    }

    /// <summary>Whether the guests enable MSI or MSI-X.</summary>
    internal bool NeedsMessages => Mix is LoadMix.Interrupts or LoadMix.Boot;

    private static void Require(string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            throw new ArgumentException(FormattableString.Invariant($"{name} is {value}; it must be {least} to {most}"));
        }
    }
}
