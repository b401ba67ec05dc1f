using PciBackFlow.Backend.Errors;
using PciBackFlow.Backend.Tests.Inheritance;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>The daemon is killed, or stopped, in the middle of a recovery: the next one brings it to its end.</summary>
public sealed class RecoveryUnderRestartTests
{
    [Theory]
    [InlineData(PciOpCode.AerDetected, true)]
    [InlineData(PciOpCode.AerMmioEnabled, true)]
    [InlineData(PciOpCode.AerSlotReset, true)]
    [InlineData(PciOpCode.AerResume, true)]
    [InlineData(PciOpCode.AerDetected, false)]
    [InlineData(PciOpCode.AerSlotReset, false)]
    public void Whatever_the_step_a_guest_is_asked_on_by_the_next_daemon(PciOpCode at, bool isKilled)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic);
        bool isHeld = true;
        using DriverInGuest driver = new(
            frontend,
            request => request.Command == at && Volatile.Read(ref isHeld) ? null : RecoveryOnLoopbackTests.AnswerOf(request, [2, 3, 5]));
        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));
        Bench.Eventually(() => driver.Asked.Any(asked => asked.StartsWith($"{(uint)at} ", StringComparison.Ordinal)), $"asked {at}");
        Assert.True(File.Exists(Path.Combine(bench.Left, "recovery-7-0.json")));

        if (isKilled)
        {
            bench.KillAndStartNext();
        }
        else
        {
            bench.StopAndStartNext();
        }

        bench.AwaitServed(7);
        Volatile.Write(ref isHeld, false);

        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Recovered == 1), "recovered");
        Assert.Equal("7 normal 00", driver.Asked.Last());
        Assert.All(
            new[] { "6 normal 00", "8 normal 00", "9 normal 00" }, step => Assert.InRange(driver.Asked.Count(asked => asked == step), 1, 2));
        Bench.Eventually(() => !File.Exists(Path.Combine(bench.Left, "recovery-7-0.json")), "the note is gone");
    }

    [Fact]
    public void A_recovery_whose_first_registers_are_just_written_back_is_gone_on_with_and_they_are_written_again()
    {
        using ManualResetEventSlim gate = new();
        CountingFunction? nic = null;
        using RestartBench bench = new(around: function =>
        {
            CountingFunction counted = new(function);
            nic ??= counted;
            return counted;
        });
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic);
        using DriverInGuest driver = new(frontend, static request => RecoveryOnLoopbackTests.AnswerOf(request, [3, 0, 5]));
        try
        {
            nic!.Gate = gate;
            bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.Fatal));
            Bench.Eventually(() => nic.PutBack == 1, "written back");
            Assert.True(driver.Asked.IsEmpty);

            bench.Kill();
            nic.Gate = null;
            bench.StartNext();

            Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Recovered == 1), "recovered");
            Assert.Equal(["6 frozen 00", "9 normal 00", "7 normal 00"], driver.Asked);
            Assert.Equal(2, nic.PutBack);
        }
        finally
        {
            gate.Set();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_error_that_waits_behind_a_recovery_is_recovered_from_by_the_next_daemon(bool isKilled)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic, RestartBench.Sound);
        bool isHeld = true;
        using DriverInGuest driver = new(
            frontend, request => Volatile.Read(ref isHeld) ? null : RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]));
        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));
        Bench.Eventually(() => !driver.Asked.IsEmpty, "asked");
        bench.Errors.Raise(new(RestartBench.Sound, ErrorSeverity.NonFatal));

        if (isKilled)
        {
            bench.KillAndStartNext();
        }
        else
        {
            bench.StopAndStartNext();
        }

        bench.AwaitServed(7);
        Volatile.Write(ref isHeld, false);

        Bench.Eventually(() => bench.Backend.Errors.Count(static report => report.Recovered == 1) == 2, "both are recovered");
        Bench.Eventually(() => !File.Exists(Path.Combine(bench.Left, "recovery-7-0.json")), "the note is gone");
    }

    [Fact]
    public void An_answer_to_what_an_earlier_daemon_has_withdrawn_is_not_taken_for_the_next_question_s()
    {
        using RestartBench bench = new(
            errorTiming: new() { Answer = TimeSpan.FromMilliseconds(150) },
            policies: new() { General = new() { OnError = new(ErrorRemedy.Log, SettingOrigin.BuiltIn) } });
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Sound);
        frontend.AnnounceAerHandler();
        bench.Errors.Raise(new(RestartBench.Sound, ErrorSeverity.NonFatal));
        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report is { Failed: 1, LateVerdicts: 1 }), "withdrawn");
        Bench.Eventually(() => !File.Exists(Path.Combine(bench.Left, "recovery-7-0.json")), "the note is gone");

        bench.KillAndStartNext();
        bench.AwaitServed(7);
        bench.Errors.Raise(new(RestartBench.Sound, ErrorSeverity.NonFatal));
        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Failed == 1), "the driver is still at the first one");
        Assert.Equal(1, Assert.Single(bench.Backend.Errors).LateVerdicts);
        Assert.False(frontend.TryReadRecovery(out _));

        frontend.AnswerRecovery((int)RecoveryVerdict.Recovered);
        bench.Errors.Raise(new(RestartBench.Sound, ErrorSeverity.NonFatal));
        Bench.Eventually(() => frontend.TryReadRecovery(out RecoveryRequest asked) && asked.Command == PciOpCode.AerDetected, "asked anew");
        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Failed == 2), "ended");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_device_that_its_guest_has_not_got_over_has_failed_for_the_next_daemon_too(bool isKilled)
    {
        using RestartBench bench = new(policies: new() { General = new() { OnError = new(ErrorRemedy.Log, SettingOrigin.BuiltIn) } });
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic, RestartBench.Sound);
        bool isWell = false;
        using DriverInGuest driver = new(
            frontend, request => Volatile.Read(ref isWell) ? RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]) : (int)RecoveryVerdict.None);
        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));
        Bench.Eventually(() => !File.Exists(Path.Combine(bench.Left, "recovery-7-0.json")) && bench.Key(7, "aerState") == "aerfail", "failed");
        Bench.Eventually(
            () => File.ReadAllText(Path.Combine(bench.Left, "guest-7-0.json")).Contains($"\"failed\":[\"{RestartBench.Nic}\"]", StringComparison.Ordinal),
            "written down");

        if (isKilled)
        {
            bench.KillAndStartNext();
        }
        else
        {
            bench.StopAndStartNext();
        }

        bench.AwaitServed(7);
        Assert.Equal("aerfail", bench.Key(7, "aerState"));

        // Until it works again; and the one after that finds nothing.
        Volatile.Write(ref isWell, true);
        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));
        Bench.Eventually(() => bench.Key(7, "aerState") is null, "taken back");
        Bench.Eventually(
            () => !File.ReadAllText(Path.Combine(bench.Left, "guest-7-0.json")).Contains("failed", StringComparison.Ordinal), "written down");
    }

    [Fact]
    public void A_guest_that_was_never_asked_is_asked_by_the_next_daemon_at_once()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic);
        using DriverInGuest driver = new(frontend, static request => RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]));

        bench.KillAndStartNext();
        bench.AwaitServed(7);
        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));

        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Recovered == 1), "recovered");
    }

    [Fact]
    public void A_guest_that_died_meanwhile_is_not_asked_and_its_note_is_forgotten()
    {
        using RestartBench bench = new();
        using (SmallFrontend frontend = bench.Connect(7, RestartBench.Nic))
        {
            frontend.AnnounceAerHandler();
            bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));
            Bench.Eventually(() => frontend.TryReadRecovery(out _), "asked");
            bench.Kill();
            bench.Host.DestroyDomain(7);
        }

        bench.StartNext();

        Bench.Eventually(() => Directory.GetFiles(bench.Left).Length == 0 && bench.Backend.OpenGrants == 0, "nothing left");
        Assert.Empty(bench.Backend.Errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData(
        "{\"format\":1,\"boot\":\"x\",\"domain_id\":7,\"handle\":\"00000000-0000-0000-0000-000000000000\",\"device_id\":0,"
        + "\"phase\":\"Detecting\",\"channel\":1,\"devices\":[],\"reporting\":[]}")]
    public void A_note_that_is_none_keeps_no_daemon_from_starting(string text)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic);
        bench.Kill();
        File.WriteAllText(Path.Combine(bench.Left, "recovery-7-0.json"), text);

        bench.StartNext();
        bench.AwaitServed(7);

        Assert.Equal(PciOpStatus.Success, frontend.Read(0, 0, 4).Status);
        Assert.Empty(bench.Backend.Errors);
    }

    /// <summary>What a later program calls a step: the error is known, so that recovery begins anew.</summary>
    [Fact]
    public void A_recovery_at_an_unknown_step_begins_anew_and_that_is_said()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic);
        bool isHeld = true;
        using DriverInGuest driver = new(
            frontend, request => Volatile.Read(ref isHeld) ? null : RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]));
        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));
        Bench.Eventually(() => !driver.Asked.IsEmpty, "asked");
        bench.Kill();
        string note = Path.Combine(bench.Left, "recovery-7-0.json");
        File.WriteAllText(note, File.ReadAllText(note).Replace("Detecting", "Meditating", StringComparison.Ordinal));

        bench.StartNext();
        bench.AwaitServed(7);
        Volatile.Write(ref isHeld, false);

        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Recovered == 1), "recovered");
        Assert.Contains(bench.Lines.Warnings, static line => line.Contains("Meditating", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_that_has_failed_is_taken_from_its_guest_by_the_hand_shake()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic);
        using DriverInGuest driver = new(frontend, static _ => (int)RecoveryVerdict.None);

        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));
        Bench.Eventually(() => bench.Key(7, "state-0") == "5" && bench.State(7) == 7, "asked for");
        Bench.Eventually(() => bench.Key(7, "aerState") == "aerfail", "aerfail");
        frontend.Write("state", "7");
        Bench.Eventually(() => bench.State(7) == 8, "taken");
        frontend.Write("state", "4");

        Bench.Eventually(() => bench.Snapshot(7) is null or { Functions.Count: 0 }, "gone");
        DeviceErrorReport report = Assert.Single(bench.Backend.Errors);
        Assert.Equal((0, 1), (report.Recovered, report.Failed));
    }
}
