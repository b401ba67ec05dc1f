using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>What becomes of a guest that has not got over an error of its device.</summary>
public sealed class RemedyTests
{
    [Theory]
    [InlineData(ErrorRemedy.Log, false, false)]
    [InlineData(ErrorRemedy.Pause, true, false)]
    [InlineData(ErrorRemedy.Destroy, false, true)]
    public void Policy_says_what_is_done_with_the_guest(ErrorRemedy remedy, bool isPaused, bool isStopped)
    {
        using ErrorBench bench = new(remedy);
        using DriverInGuest driver = bench.Drive(7, static _ => 1, ErrorBench.Card);

        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        bench.AwaitEnd(ErrorBench.Card);

        LoopbackDomain guest = bench.Bench.Host.Domains.Single(static domain => domain.DomainId == 7);
        Bench.Eventually(() => guest.IsPaused == isPaused && guest.IsShutdown == isStopped, $"{remedy}");
        Assert.Contains(bench.Bench.Lines.Warnings, static line => line.Contains("not recovered", StringComparison.Ordinal));
    }

    /// <summary>Xen counts pauses: whoever lets the guest go does it once.</summary>
    [Fact]
    public void A_guest_that_stands_still_already_is_not_paused_once_more()
    {
        using ErrorBench bench = new(ErrorRemedy.Pause);
        bool isHeld = false;
        using DriverInGuest driver = bench.Drive(7, _ => Volatile.Read(ref isHeld) ? null : 1, ErrorBench.Card);
        LoopbackDomain guest = bench.Bench.Host.Domains.Single(static domain => domain.DomainId == 7);
        for (int recoveries = 1; recoveries <= 2; recoveries++)
        {
            bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
            bench.AwaitEnd(ErrorBench.Card, recoveries);
            Bench.Eventually(() => guest.IsPaused, "paused");
        }

        // There is one recovery at a time: what follows from the second is done when the third asks.
        int asked = driver.Asked.Count;
        Volatile.Write(ref isHeld, true);
        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        Bench.Eventually(() => driver.Asked.Count > asked, "asked");
        using IDomainControl xl = bench.Bench.Host.BackendView.OpenDomainControl();
        xl.Unpause(7);

        Assert.False(guest.IsPaused);
    }

    [Fact]
    public void The_key_of_old_says_that_it_failed_and_takes_it_back_when_it_works_again()
    {
        using ErrorBench bench = new();
        bool isWell = false;
        using DriverInGuest driver = bench.Drive(
            7, request => Volatile.Read(ref isWell) ? RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]) : 1, ErrorBench.Card);

        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        Bench.Eventually(() => bench.Bench.Read(7, "aerState") == "aerfail", "aerfail");
        bench.AwaitEnd(ErrorBench.Card);

        // It answers, and nobody is to look for a card that was pulled out.
        Assert.DoesNotContain(bench.Bench.Lines.Warnings, static line => line.Contains("does not answer any more", StringComparison.Ordinal));

        Volatile.Write(ref isWell, true);
        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal);
        Bench.Eventually(() => bench.Bench.Read(7, "aerState") is null, "taken back");
        Assert.Equal(1, bench.Of(ErrorBench.Card).Recovered);
    }

    [Fact]
    public void A_guest_that_is_not_connected_cannot_be_asked()
    {
        using ErrorBench bench = new(ErrorRemedy.Pause, timing: new() { Answer = TimeSpan.FromMilliseconds(100) });
        bench.Bench.Create(7, ErrorBench.Card);
        bench.Bench.AwaitState(7, 3);
        Bench.Eventually(() => bench.Bench.Snapshot(7)?.Functions.Count == 1, "seen");

        bench.Raise(ErrorBench.Card, ErrorSeverity.Fatal);

        Assert.Equal(1, bench.AwaitEnd(ErrorBench.Card).Failed);
    }

    [Fact]
    public void An_error_of_nobody_s_device_is_said_and_its_status_cleared()
    {
        using ErrorBench bench = new();

        bench.Raise(ErrorBench.Card, ErrorSeverity.Fatal);

        Assert.Equal([ErrorBench.Card], bench.Errors.Cleared);
        Assert.Contains(bench.Bench.Lines.Warnings, static line => line.Contains("no guest that is served here has it", StringComparison.Ordinal));
        Assert.Equal(1, bench.Of(ErrorBench.Card).Fatal);
    }
}
