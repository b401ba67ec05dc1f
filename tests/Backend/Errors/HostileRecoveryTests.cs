using System.Diagnostics;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>Frontends that answer late, never or wrongly, and those that play with the flags: counted, bounded, and nobody else's trouble.</summary>
public sealed class HostileRecoveryTests
{
    private static readonly ErrorTiming Impatient = new() { Answer = TimeSpan.FromMilliseconds(150) };

    [Theory]
    [InlineData(PciOpCode.AerDetected)]
    [InlineData(PciOpCode.AerMmioEnabled)]
    [InlineData(PciOpCode.AerResume)]
    public void Whoever_falls_silent_at_a_step_is_asked_nothing_more_and_has_failed(PciOpCode silentAt)
    {
        using ErrorBench bench = new(timing: Impatient);
        using DriverInGuest driver = bench.Drive(
            7, request => request.Command == silentAt ? null : RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]), ErrorBench.Card);
        long begin = Stopwatch.GetTimestamp();

        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        DeviceErrorReport report = bench.AwaitEnd(ErrorBench.Card);

        Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        Assert.Equal((1, 1), (report.Failed, report.LateVerdicts));
        Assert.EndsWith($"{(uint)silentAt} normal 00", string.Join(", ", driver.Asked), StringComparison.Ordinal);
    }

    [Fact]
    public void A_late_answer_is_not_taken_for_the_next_question_s()
    {
        using ErrorBench bench = new(timing: Impatient);
        SmallFrontend frontend = bench.Connect(7, ErrorBench.Card, ErrorBench.Other);
        frontend.AnnounceAerHandler();
        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        bench.AwaitEnd(ErrorBench.Card);

        // The question was withdrawn, and the driver is still at it: the other device's is not asked.
        bench.Raise(ErrorBench.Other, ErrorSeverity.NonFatal);
        Assert.Equal(1, bench.AwaitEnd(ErrorBench.Other).LateVerdicts);
        Assert.False(frontend.TryReadRecovery(out _));

        // It has ended: the next one is.
        frontend.AnswerRecovery((int)RecoveryVerdict.Recovered);
        bench.Raise(ErrorBench.Other, ErrorSeverity.NonFatal);
        Bench.Eventually(() => frontend.TryReadRecovery(out _), "the next question");
        frontend.TryReadRecovery(out RecoveryRequest asked);
        Assert.Equal((PciOpCode.AerDetected, ChannelState.Normal, 1u << 3), (asked.Command, asked.State, asked.Devfn));
        bench.AwaitEnd(ErrorBench.Other, recoveries: 2);
    }

    [Fact]
    public void A_guest_that_has_never_said_it_can_be_asked_is_not()
    {
        using ErrorBench bench = new();
        SmallFrontend frontend = bench.Connect(7, ErrorBench.Card);

        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);

        Assert.Equal(1, bench.AwaitEnd(ErrorBench.Card).Failed);
        Assert.False(frontend.TryReadRecovery(out _));
    }

    [Fact]
    public void Flags_that_a_guest_sets_itself_cost_it_one_time_limit()
    {
        using ErrorBench bench = new(timing: Impatient);
        SmallFrontend frontend = bench.Connect(7, ErrorBench.Card);
        frontend.ToggleFlags(SharedFlags.BackendActive | SharedFlags.AerHandler, SharedFlags.None);

        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);

        Assert.Equal((1, 1), (bench.AwaitEnd(ErrorBench.Card).Failed, bench.Of(ErrorBench.Card).LateVerdicts));
    }

    [Fact]
    public void Flags_that_are_toggled_without_pause_end_no_other_guest_s_recovery_and_no_request()
    {
        using ErrorBench bench = new(timing: Impatient);
        SmallFrontend hostile = bench.Connect(7, ErrorBench.Card);
        using DriverInGuest honest = bench.Drive(8, static request => RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]), ErrorBench.Other);
        using CancellationTokenSource enough = new();
        Thread toggling = new(() =>
        {
            while (!enough.IsCancellationRequested)
            {
                hostile.ToggleFlags(SharedFlags.BackendActive | SharedFlags.AerHandler, SharedFlags.None);
                hostile.ToggleFlags(SharedFlags.None, SharedFlags.BackendActive);
            }
        });
        toggling.Start();
        try
        {
            bench.Raise(ErrorBench.Card, ErrorSeverity.Fatal);
            bench.Raise(ErrorBench.Other, ErrorSeverity.NonFatal);

            Assert.Equal(1, bench.AwaitEnd(ErrorBench.Other).Recovered);
            bench.AwaitEnd(ErrorBench.Card);
            Assert.Equal(PciOpStatus.Success, hostile.Read(0, 0, 4).Status);
        }
        finally
        {
            enough.Cancel();
            toggling.Join();
        }
    }

    [Fact]
    public void Requests_are_answered_while_a_driver_is_at_its_handler()
    {
        using ErrorBench bench = new();
        SmallFrontend frontend = bench.Connect(7, ErrorBench.Card);
        frontend.AnnounceAerHandler();
        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        Bench.Eventually(() => frontend.TryReadRecovery(out _), "asked");

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal((PciOpStatus.Success, 0x10D3_8086u), frontend.Read(0, 0, 4));
        }

        // The request and the verdict come together, with one signal.
        frontend.ToggleFlags(SharedFlags.None, SharedFlags.None);
        frontend.AnswerRecovery((int)RecoveryVerdict.Recovered);
        Assert.Equal(PciOpStatus.Success, frontend.Read(0, 0, 4).Status);
        Bench.Eventually(() => frontend.TryReadRecovery(out RecoveryRequest next) && next.Command == PciOpCode.AerResume, "resume");
        frontend.AnswerRecovery((int)RecoveryVerdict.None);
        Assert.Equal(1, bench.AwaitEnd(ErrorBench.Card).Recovered);
    }

    [Fact]
    public void A_guest_that_dies_in_the_middle_ends_its_recovery_at_once()
    {
        using ErrorBench bench = new();
        SmallFrontend frontend = bench.Connect(7, ErrorBench.Card);
        frontend.AnnounceAerHandler();
        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        Bench.Eventually(() => frontend.TryReadRecovery(out _), "asked");
        long begin = Stopwatch.GetTimestamp();

        bench.Bench.Host.DestroyDomain(7);

        Assert.Equal(1, bench.AwaitEnd(ErrorBench.Card).Abandoned);
        Assert.True(Stopwatch.GetElapsedTime(begin) < new ErrorTiming().Answer, "it was waited for");
    }

    [Fact]
    public void A_storm_of_errors_is_one_recovery_and_one_more()
    {
        using ErrorBench bench = new();
        using ManualResetEventSlim gate = new();
        using DriverInGuest driver = bench.Drive(
            7, request => gate.IsSet ? RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]) : null, ErrorBench.Card);
        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        Bench.Eventually(() => !driver.Asked.IsEmpty, "asked");

        for (int i = 0; i < 10_000; i++)
        {
            bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        }

        gate.Set();
        DeviceErrorReport report = bench.AwaitEnd(ErrorBench.Card, recoveries: 2);
        Thread.Sleep(50);
        report = bench.Of(ErrorBench.Card);
        Assert.Equal((10_001, 9_999, 2), (report.NonFatal, report.Coalesced, report.Recovered));
        Assert.Single(bench.Bench.Lines.Warnings, static line => line.Contains("non-fatal error", StringComparison.Ordinal));
    }

    [Fact]
    public void Answers_without_requests_between_them_are_no_spurious_events()
    {
        using ErrorBench bench = new(timing: new() { Budget = 100 });
        using DriverInGuest driver = bench.Drive(
            7, static request => RecoveryOnLoopbackTests.AnswerOf(request, [2, 3, 5]), ErrorBench.Card, ErrorBench.CardToo);
        long before = bench.Bench.Backend.Engine.ReadCounters().Spurious;

        for (int i = 1; i <= 10; i++)
        {
            bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal, ErrorBench.Card, ErrorBench.CardToo);
            bench.AwaitEnd(ErrorBench.Card, i);
        }

        Assert.Equal(80, driver.Asked.Count);
        Assert.InRange(bench.Bench.Backend.Engine.ReadCounters().Spurious - before, 0, 8);
    }

    [Fact]
    public void A_device_without_end_of_errors_is_taken_from_its_guest_and_given_to_nobody()
    {
        using ErrorBench bench = new(timing: new() { Budget = 2 });
        using DriverInGuest driver = bench.Drive(7, static request => RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]), ErrorBench.Card);
        for (int i = 1; i <= 3; i++)
        {
            bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
            bench.AwaitEnd(ErrorBench.Card, i);
        }

        DeviceErrorReport report = bench.Of(ErrorBench.Card);
        Assert.Equal((2, 1, true), (report.Recovered, report.Failed, report.Quarantined));
        Assert.EndsWith("6 dead 00", string.Join(", ", driver.Asked), StringComparison.Ordinal);

        bench.Bench.Host.DestroyDomain(7);
        bench.Bench.Create(8, ErrorBench.Card);
        Bench.Eventually(() => bench.Bench.Read(8, "state-0") == "6", "refused");
        Assert.Contains("quarantine", bench.Bench.Read(8, "reason-0"), StringComparison.Ordinal);
    }
}
