using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Tests.Load;

/// <summary>A thousand guests do the same at once, whatever it is and however stages lie over threads: nobody is refused because others are many.</summary>
[Collection("one load at a time")]
public sealed class CrowdedLoadTests
{
    // A replay is whatever was recorded, and needs a recording.
    public static MatrixTheoryData<PipelineTopology, LoadMix> Everything =>
        new(Enum.GetValues<PipelineTopology>(), [.. Enum.GetValues<LoadMix>().Where(static mix => mix != LoadMix.Replay)]);

    [Theory]
    [MemberData(nameof(Everything))]
    public void A_thousand_guests_are_all_served_without_an_error(PipelineTopology topology, LoadMix mix)
    {
        LoadReport report = LoadRun.Execute(
            new LoadOptions { Guests = 1000, Topology = topology, Mix = mix, WarmupSeconds = 0.2, DurationSeconds = 1 }, LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Null(report.FirstErrorCause);
        Assert.Equal(0, report.Errors);
        Assert.True(report.Operations > 0);
    }

    [Fact]
    public void Every_guest_of_a_boot_storm_gets_its_interrupts_beside_slow_neighbours()
    {
        LoadReport report = LoadRun.Execute(
            new LoadOptions { Guests = 300, Mix = LoadMix.Boot, WarmupSeconds = 0, DurationSeconds = 0.5, Neighbour = Slow(5) },
            LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Equal("slow=5ms", report.Neighbour);

        // The storm in which the window ends is seen to its end: every guest has booted at least once.
        Assert.NotNull(report.Boot);
        Assert.True(report.Boot.Boots >= 300, $"{report.Boot.Boots} boots");
        Assert.Equal(0, report.Boot.MissedDeadlineShare);
        Assert.InRange(report.Boot.Slowest, 5_000_000, long.MaxValue);
        Assert.InRange(report.Boot.P50, 1, report.Boot.Slowest);
        Assert.InRange(report.Boot.P999, report.Boot.P50, report.Boot.Slowest);
    }

    [Fact]
    public void A_function_that_takes_longer_than_a_deadline_is_told_with_stage_and_cause()
    {
        LoadReport report = LoadRun.Execute(
            // The first storm may be over for the others before the window begins: it is long enough for a second one.
            new LoadOptions { Guests = 10, Mix = LoadMix.Boot, WarmupSeconds = 0, DurationSeconds = 2, Neighbour = Slow(800) },
            LoadSource.Builtin());

        Assert.NotEqual(0, report.Errors);
        Assert.Equal("deadline", report.FirstErrorCause);
        Assert.Contains("write 0x", report.FirstError, StringComparison.Ordinal);
        Assert.Contains("stage execute, cause deadline: ", report.FirstError, StringComparison.Ordinal);
        Assert.InRange(report.Boot!.MissedDeadlineShare, 0.01, 0.99);
    }

    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void Guests_beside_functions_that_hang_are_served_and_what_those_miss_is_told_apart(PipelineTopology topology)
    {
        // Twice as many functions hang as there are workers.
        LoadReport report = LoadRun.Execute(
            new LoadOptions
            {
                Guests = 80, Mix = LoadMix.Write, Topology = topology, WarmupSeconds = 0, DurationSeconds = 2,
                Neighbour = new(NeighbourKind.Hang, TimeSpan.FromSeconds(1)),
            },
            LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Equal(0, report.Errors);
        Assert.True(report.ExpectedMisses > 0);
        Assert.Equal((72, 8), (report.Others!.Guests, report.Neighbours!.Guests));
        Assert.Equal(report.Operations, report.Others.Operations + report.Neighbours.Operations);

        // One of the others that waited for what hangs would have been answered as rarely.
        Assert.True(report.Others.Operations / 72 > report.Neighbours.Operations / 8, $"{report.Others.Operations} beside {report.Neighbours.Operations}");
    }

    [Fact]
    public void Guests_of_functions_whose_accesses_are_slow_are_served_beside_the_others_without_an_error()
    {
        LoadReport report = LoadRun.Execute(
            new LoadOptions
            {
                Guests = 20, WarmupSeconds = 0.5, DurationSeconds = 1, Neighbour = new(NeighbourKind.Access, TimeSpan.FromMilliseconds(25)),
            },
            LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Equal(0, report.ExpectedMisses);
        Assert.Equal((18, 2), (report.Others!.Guests, report.Neighbours!.Guests));

        // Rounds are fair: on one shard with them the others would be answered once for each of their accesses.
        Assert.True(report.Others.Operations / 18 > 10 * report.Neighbours.Operations / 2, $"{report.Others.Operations} beside {report.Neighbours.Operations}");
    }

    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void Guests_beside_a_storm_of_signals_are_all_served(PipelineTopology topology)
    {
        LoadReport report = LoadRun.Execute(
            new LoadOptions { Guests = 50, Topology = topology, WarmupSeconds = 0.2, DurationSeconds = 1, Neighbour = new(NeighbourKind.Storm, default) },
            LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Equal(0, report.Errors);
        Assert.Equal("storm", report.Neighbour);
        Assert.Equal((45, 5), (report.Others!.Guests, report.Neighbours!.Guests));
        Assert.True(report.PerGuest.Min > 0);

        // It was one: each time round its client signals for each of the five more often than it has guests that storm.
        Assert.True(report.StormSignals > 5 * 8, $"{report.StormSignals} signals");

        // Rounds are fair: signals buy the stormers no turns.
        Assert.True(
            report.Neighbours.Operations / 5 < 3 * (report.Others.Operations / 45), $"{report.Others.Operations} beside {report.Neighbours.Operations}");
    }

    [Fact]
    public void Guests_that_seldom_ask_are_served_beside_those_that_ask_by_far_the_most()
    {
        LoadReport report = LoadRun.Execute(
            new LoadOptions { Guests = 200, WarmupSeconds = 0.2, DurationSeconds = 1, Neighbour = new(NeighbourKind.Zipf, default) }, LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Equal(0, report.Errors);
        Assert.Equal((180, 20), (report.Others!.Guests, report.Neighbours!.Guests));

        // 1/1 + … + 1/20 of 1/1 + … + 1/200 is 61 %; who waits is not chosen, which takes a little of that away.
        double busy = report.Neighbours.Operations / (double)report.Operations;
        Assert.InRange(busy, 0.2, 0.75);
        Assert.True(report.Others.Operations > 0);
    }

    [Theory]
    [InlineData(NeighbourKind.Slow)]
    [InlineData(NeighbourKind.Hang)]
    public void Neighbours_that_are_bad_when_enabled_need_a_mix_that_enables(NeighbourKind kind) => Assert.Contains(
        "'scan'", Refusal(new LoadOptions { Neighbour = new(kind, TimeSpan.FromSeconds(2)) }), StringComparison.Ordinal);

    [Theory]
    [InlineData(LoadMix.Scan)]
    [InlineData(LoadMix.Write)]
    public void Other_mixes_have_no_boots_to_report(LoadMix mix)
    {
        LoadReport report = LoadRun.Execute(new LoadOptions { Guests = 2, Mix = mix, WarmupSeconds = 0, DurationSeconds = 0.1 }, TestFunctions.Source());

        Assert.Null(report.Boot);
        Assert.Null(report.Neighbour);
        Assert.Null(report.Others);
        Assert.Null(report.Neighbours);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void The_backends_workers_are_as_many_as_asked_for(int workers)
    {
        LoadReport report = LoadRun.Execute(
            new LoadOptions { Guests = 32, Mix = LoadMix.Write, Workers = workers, WarmupSeconds = 0, DurationSeconds = 0.5 }, TestFunctions.Source());

        Assert.Null(report.FirstError);
        Assert.Equal(workers, report.Workers);
        Assert.InRange(report.StageThreads["execute"].Count, 1, workers + 1);
    }

    [Fact]
    public void What_goes_wrong_in_the_warm_up_counts_as_much_as_in_the_window()
    {
        LoadReport report = LoadRun.Execute(
            new LoadOptions { Guests = 1, WarmupSeconds = 0.5, DurationSeconds = 0.2, AccessLimitMilliseconds = 30_000 },
            TestFunctions.Source(() => new OnceWrongFunction(TestFunctions.Open())));

        Assert.Equal(1, report.Errors);
        Assert.Equal("function", report.FirstErrorCause);
        Assert.Contains("stage execute, cause function: ", report.FirstError, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_asks_by_lot_has_no_plan_of_another_kind()
    {
        Neighbour zipf = new(NeighbourKind.Zipf, default);

        Assert.Contains("'zipf'", Refusal(new LoadOptions { Neighbour = zipf, Rate = 100 }), StringComparison.Ordinal);
        Assert.Contains("'zipf'", Refusal(new LoadOptions { Neighbour = zipf, Mix = LoadMix.Boot }), StringComparison.Ordinal);
        new LoadOptions { Neighbour = zipf }.Validate();
    }

    [Fact]
    public void Boots_have_a_plan_of_their_own() =>
        Assert.Contains("the rate", Refusal(new LoadOptions { Mix = LoadMix.Boot, Rate = 100 }), StringComparison.Ordinal);

    [Fact]
    public void Boots_need_a_frontend_that_has_messages() =>
        Assert.Contains("'boot'", Refusal(new LoadOptions { Mix = LoadMix.Boot, Frontend = FrontendKind.NetBsd }), StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public void Workers_out_of_range_are_named(int workers) =>
        Assert.StartsWith("workers", Refusal(new LoadOptions { Workers = workers }), StringComparison.Ordinal);

    private static Neighbour Slow(int milliseconds) => new(NeighbourKind.Slow, TimeSpan.FromMilliseconds(milliseconds));

    private static string Refusal(LoadOptions options) => Assert.Throws<ArgumentException>(options.Validate).Message;
}
