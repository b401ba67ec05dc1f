using HdrHistogram;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Profiling;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Tests.Load;

/// <summary>Short runs of the whole harness. Nothing here judges speed.</summary>
[Collection("one load at a time")]
public sealed class LoadRunTests
{
    // A busy test machine may keep a thread off its processor for long: that must not pass for a stuck function, which workers would then serve.
    private static readonly LoadOptions s_short = new() { Guests = 64, DurationSeconds = 1, WarmupSeconds = 0.2, AccessLimitMilliseconds = 30_000 };

    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    [InlineData(PipelineTopology.Dataflow)]
    public void Every_topology_serves_64_guests_without_an_error(PipelineTopology topology)
    {
        LoadReport report = LoadRun.Execute(s_short with { Topology = topology, Mix = LoadMix.Mixed }, LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Equal(0, report.Errors);
        Assert.True(report.PerGuest.Min > 0);
        Assert.Equal(report.Operations, report.Histogram.TotalCount);
        Assert.InRange(report.ShadowHitRatio, 0.01, 1);
        Assert.All(Stages, stage => Assert.NotEmpty(report.StageThreads[stage]));
        Assert.Equal(Stages, report.StageThreads.Keys);

        // Workers run Command writes that enable the function, in every topology; only where all of Execute left the first stage's threads, stages are apart.
        if (topology == PipelineTopology.Fused)
        {
            Assert.Equal(report.StageThreads["ingest"], report.StageThreads["notify"]);
            Assert.All(report.StageThreads["ingest"], id => Assert.Contains(id, report.StageThreads["execute"]));
        }
        else if (topology == PipelineTopology.Queued)
        {
            Assert.DoesNotContain(report.StageThreads["execute"], id => report.StageThreads["ingest"].Contains(id));
        }
    }

    [Theory]
    [InlineData(PipelineTopology.Fused, LoadMix.Scan)]
    [InlineData(PipelineTopology.Fused, LoadMix.Write)]
    [InlineData(PipelineTopology.Queued, LoadMix.Scan)]
    [InlineData(PipelineTopology.Queued, LoadMix.Write)]
    public void Fused_and_queued_requests_allocate_nothing_end_to_end(PipelineTopology topology, LoadMix mix)
    {
        LoadReport report = LoadRun.Execute(s_short with { Guests = 8, Topology = topology, Mix = mix, DurationSeconds = 0.5 }, TestFunctions.Source());

        Assert.Null(report.FirstError);
        Assert.True(report.Operations > 100);
        Assert.Equal(0, report.BytesAllocatedPerOperation);
    }

    /// <summary>The records are made by the shards, without an allocation; whoever reads them does so on a thread of its own.</summary>
    [Theory]
    [InlineData(PipelineTopology.Fused, LoadMix.Scan)]
    [InlineData(PipelineTopology.Fused, LoadMix.Write)]
    [InlineData(PipelineTopology.Queued, LoadMix.Write)]
    public void Traced_requests_allocate_nothing_end_to_end(PipelineTopology topology, LoadMix mix)
    {
        LoadReport report = LoadRun.Execute(
            s_short with { Guests = 8, Topology = topology, Mix = mix, DurationSeconds = 0.5, IsTraced = true }, TestFunctions.Source());

        Assert.Null(report.FirstError);
        Assert.True(report.Operations > 100);
        Assert.Equal(0, report.BytesAllocatedPerOperation);
    }

    [Fact]
    public void The_machines_hiccups_the_stages_and_the_course_of_the_window_are_reported_beside_the_latencies()
    {
        LoadReport report = LoadRun.Execute(s_short with { Guests = 8, DurationSeconds = 1, KeepSamples = 1000 }, TestFunctions.Source());

        Assert.Null(report.FirstError);
        Assert.InRange(report.Hiccups.P50, 0, report.Hiccups.P99);
        Assert.InRange(report.Hiccups.P999, report.Hiccups.P99, report.Hiccups.Max);
        Assert.True(report.HiccupSpectrum.Count > 2);
        Assert.InRange(report.NetOfStalls.SetAside, 0, report.Operations);
        Assert.True(report.NetOfStalls.Stalls > 0 || report.NetOfStalls.SetAside == 0);
        Assert.True(report.NetOfStalls.Latency.Max <= report.Latency.Max);
        Assert.Equal(report.Histogram.GetMaxValue(), report.Spectrum[^1].Nanoseconds);
        Assert.Equal([.. Stages, "handover", "total"], report.Stages.Select(static stage => stage.Name));
        Assert.InRange(report.Timeline.Count, 2, 240);
        Assert.All(report.Timeline.Zip(report.Timeline.Skip(1)), static pair => Assert.True(pair.First.At < pair.Second.At));
        Assert.True(report.Timeline.Max(static slice => slice.MaxNanoseconds) <= report.Latency.Max);
        Assert.Equal((int)Math.Min(1000, report.Operations), report.Samples.Count);
    }

    [Fact]
    public void A_thousand_guests_all_get_their_turn()
    {
        LoadReport report = LoadRun.Execute(new LoadOptions { Guests = 1000, DurationSeconds = 3, WarmupSeconds = 0 }, LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Equal(0, report.Errors);
        Assert.True(report.PerGuest.Min > 0);
    }

    [Theory]
    [InlineData(FrontendKind.NetBsd)]
    [InlineData(FrontendKind.MiniOs)]
    public void Other_systems_frontends_are_served_too(FrontendKind kind)
    {
        LoadReport report = LoadRun.Execute(s_short with { Guests = 4, DurationSeconds = 0.3, Frontend = kind, Mix = LoadMix.Mixed }, TestFunctions.Source());

        Assert.Null(report.FirstError);
        Assert.True(report.Operations > 0);
    }

    [Fact]
    public void A_wrong_bit_in_one_answer_of_many_is_an_error()
    {
        LoadReport report = LoadRun.Execute(
            s_short with { Guests = 2, DurationSeconds = 1, WarmupSeconds = 0 }, TestFunctions.Source(() => new CorruptingFunction(TestFunctions.Open())));

        Assert.True(report.WrongData > 0);
        Assert.Equal(report.WireErrors + report.TimeOuts + report.WrongData, report.Errors);
        Assert.Contains("which the source does not have", report.FirstError, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failing_function_is_a_wire_error()
    {
        EmulatedFunction? last = null;
        LoadReport report = LoadRun.Execute(
            s_short with { Guests = 1, DurationSeconds = 0.5, WarmupSeconds = 0 },
            TestFunctions.Source(() => last = TestFunctions.Open()),
            progress: null,
            FailSoon(() => last!));

        Assert.True(report.WireErrors > 0, report.FirstError);
        Assert.Equal("function", report.FirstErrorCause);
    }

    [Fact]
    public void Open_loop_keeps_its_rate_and_counts_latency_from_the_plan()
    {
        // One guest whose every hardware read takes 10 ms cannot keep 1000 op/s: the backlog grows, and with it the latency from the plan.
        LoadReport report = LoadRun.Execute(
            new LoadOptions { Guests = 1, DurationSeconds = 1, WarmupSeconds = 0, Rate = 1000 },
            TestFunctions.Source(() => new SlowFunction(TestFunctions.Open(), TimeSpan.FromMilliseconds(10))));

        Assert.Equal(0, report.Errors);
        Assert.True(report.OperationsPerSecond < 1000);
        Assert.True(report.Latency.Max > 100_000_000, $"max {report.Latency.Max} ns");
    }

    [Fact]
    public void Open_loop_sends_no_more_than_planned()
    {
        LoadReport report = LoadRun.Execute(s_short with { Guests = 16, Rate = 400, DurationSeconds = 1 }, TestFunctions.Source());

        Assert.Equal(0, report.Errors);
        Assert.InRange(report.OperationsPerSecond, 200, 440);
    }

    [Fact]
    public void A_cancelled_run_reports_what_was_measured()
    {
        using var cancel = new CancellationTokenSource();
        LoadReport report = LoadRun.Execute(
            s_short with { Guests = 2, DurationSeconds = 600 },
            TestFunctions.Source(),
            progress =>
            {
                if (progress.Phase == LoadPhase.Measure)
                {
                    cancel.Cancel();
                }
            },
            cancel.Token);

        Assert.True(report.Interrupted);
        Assert.True(report.Operations > 0);
        Assert.InRange(report.Seconds, 0.5, 60);
    }

    [Theory]
    [InlineData(PipelineTopology.Fused, FrontendKind.Linux)]
    [InlineData(PipelineTopology.Queued, FrontendKind.MiniOs)]
    [InlineData(PipelineTopology.Dataflow, FrontendKind.Linux)]
    public void Every_message_that_is_enabled_arrives_and_none_after_disabling(PipelineTopology topology, FrontendKind frontend)
    {
        LoadReport report = LoadRun.Execute(
            s_short with { Mix = LoadMix.Interrupts, Topology = topology, Frontend = frontend, Guests = 16, AccessLimitMilliseconds = 10_000 },
            LoadSource.Builtin());

        Assert.Null(report.FirstError);
        Assert.Equal(0, report.Errors);
        Assert.True(report.PerGuest.Min > 0);
    }

    [Fact]
    public void A_control_that_does_not_show_what_was_enabled_is_an_error()
    {
        LoadReport report = LoadRun.Execute(
            s_short with { Mix = LoadMix.Interrupts, Guests = 1 }, TestFunctions.Source(() => new ForgetfulFunction(TestFunctions.Open())));

        Assert.NotEqual(0, report.WrongData);
        Assert.Contains("says that nothing is enabled", report.FirstError, StringComparison.Ordinal);
    }

    [Fact]
    public void Interrupts_need_a_function_that_has_them() =>
        Assert.Contains(
            "no function has MSI or MSI-X",
            Assert.Throws<LoadFailedException>(() => LoadRun.Execute(
                s_short with { Mix = LoadMix.Interrupts },
                TestFunctions.Source(() => new EmulatedFunction(default, "bare", TestFunctions.Bytes().AsSpan(0, 64))))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Interrupts_need_a_frontend_that_has_them() =>
        Assert.Contains(
            "NetBSD",
            Assert.Throws<ArgumentException>(() => LoadRun.Execute(
                s_short with { Mix = LoadMix.Interrupts, Frontend = FrontendKind.NetBsd }, TestFunctions.Source())).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 1, "guests")]
    [InlineData(1, 0, "duration")]
    [InlineData(1, double.NaN, "duration")]
    public void Options_out_of_range_are_named(int guests, double seconds, string name) =>
        Assert.StartsWith(
            name,
            Assert.Throws<ArgumentException>(() => new LoadOptions { Guests = guests, DurationSeconds = seconds }.Validate()).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_source_of_bridges_alone_is_refused()
    {
        byte[] bytes = TestFunctions.Bytes();
        bytes[0x0E] = 1;
        Assert.Throws<LoadFailedException>(() => LoadRun.Execute(
            s_short, TestFunctions.Source(() => new EmulatedFunction(new PciAddress(0, 0, 1, 0), "bridge", bytes))));
    }

    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void A_profile_times_every_stage_and_allocates_nothing(PipelineTopology topology)
    {
        ProfileReport report = ProfileRun.Execute(new ProfileOptions { Operations = 2000, SampleEvery = 4, Topology = topology }, TestFunctions.Source());

        Assert.Equal(Stages, report.Stages.Select(stage => stage.Name).Where(name => name != "handover"));
        Assert.True(report.Sampled > 100);
        Assert.True(report.Total.P50 > 0);
        Assert.True(report.ConfigAccessNanoseconds > 0);
        Assert.Equal(0, report.BytesAllocatedPerOperation);
    }

    private static readonly string[] Stages = ["ingest", "decode", "filter", "execute", "respond", "notify"];

    private static CancellationToken FailSoon(Func<EmulatedFunction> function)
    {
        // The guest has found its function by then; from there on each hardware access fails.
        _ = Task.Run(async () =>
        {
            await Task.Delay(300);
            function().Faults.Inject(FaultKind.Fails);
        });
        return CancellationToken.None;
    }
}
