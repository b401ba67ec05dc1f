using PciBackFlow.Backend.Errors;
using PciBackFlow.Backend.Tests.Inheritance;
using PciBackFlow.Backend.Tests.Interrupts;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>After a fatal error the kernel has reset the link and written nothing back: however the recovery ends, that is done here.</summary>
public sealed class LostRegistersTests
{
    // Severity; the answers to 6, 8 and 9; whether the host can reset the device; resets, and writings back without one.
    [Theory]
    [InlineData(ErrorSeverity.Fatal, new[] { 3, 0, 5 }, true, 1, 1)]
    [InlineData(ErrorSeverity.Fatal, new[] { 1, 0, 0 }, true, 1, 1)]
    [InlineData(ErrorSeverity.Fatal, new[] { 4, 0, 0 }, true, 1, 1)]
    [InlineData(ErrorSeverity.Fatal, new[] { 3, 0, 4 }, true, 1, 1)]
    [InlineData(ErrorSeverity.Fatal, new[] { 3, 0, 5 }, false, 1, 2)]
    [InlineData(ErrorSeverity.NonFatal, new[] { 3, 0, 5 }, true, 1, 0)]
    [InlineData(ErrorSeverity.NonFatal, new[] { 2, 5, 0 }, true, 0, 0)]
    [InlineData(ErrorSeverity.NonFatal, new[] { 1, 0, 0 }, true, 0, 0)]
    [InlineData(ErrorSeverity.NonFatal, new[] { 3, 0, 5 }, false, 1, 0)]
    public void Registers_are_written_back_before_a_driver_hears_of_a_lost_link_and_after_each_reset(
        ErrorSeverity severity, int[] answers, bool hasReset, int resets, int putBack)
    {
        CountingFunction? card = null;
        using ErrorBench bench = new(around: function =>
        {
            CountingFunction counted = new(function) { HasNoReset = !hasReset };
            card ??= counted;
            return counted;
        });
        using DriverInGuest driver = bench.Drive(7, request => RecoveryOnLoopbackTests.AnswerOf(request, answers), ErrorBench.Card);

        bench.Raise(ErrorBench.Card, severity);
        bench.AwaitEnd(ErrorBench.Card);

        Assert.Equal((resets, putBack), (card!.Resets, card.PutBack));

        // What cannot be reset is not said to have been.
        Assert.Equal(!hasReset && severity == ErrorSeverity.NonFatal, string.Join(", ", driver.Asked) == "6 normal 00, 6 dead 00");
    }

    [Fact]
    public void A_guest_that_disconnects_in_the_middle_finds_its_device_with_its_registers()
    {
        CountingFunction? card = null;
        using ErrorBench bench = new(around: function =>
        {
            CountingFunction counted = new(function);
            card ??= counted;
            return counted;
        });
        SmallFrontend frontend = bench.Connect(7, ErrorBench.Card);
        frontend.AnnounceAerHandler();
        bench.Raise(ErrorBench.Card, ErrorSeverity.Fatal);
        Bench.Eventually(() => frontend.TryReadRecovery(out _), "asked");

        frontend.Write("state", "5");

        Assert.Equal(1, bench.AwaitEnd(ErrorBench.Card).Abandoned);
        Assert.Equal(1, card!.Resets);
    }

    [Fact]
    public void Messages_are_written_back_before_the_driver_is_told_of_the_reset()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic);
        Assert.Equal(PciOpStatus.Success, frontend.Write(0, ConfigRegisters.Command, 2, CommandBits.Memory | CommandBits.BusMaster));
        Assert.Equal(
            PciOpStatus.Success, frontend.Ask(new() { Command = PciOpCode.EnableMsix, Value = 2 }, OwnedFunction.Entries(0, 1)).Error);
        int restored = 0;
        int restoredBefore = -1;
        bench.Host.Passthrough.Observer = request =>
        {
            if (request.Call == LoopbackCall.RestoreMessages)
            {
                Interlocked.Increment(ref restored);
            }
        };
        using DriverInGuest driver = new(frontend, request =>
        {
            if (request.Command == PciOpCode.AerSlotReset)
            {
                restoredBefore = Volatile.Read(ref restored);
            }

            return RecoveryOnLoopbackTests.AnswerOf(request, [3, 0, 5]);
        });

        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.Fatal));
        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Recovered == 1), "recovered");

        Assert.Equal(1, restoredBefore);
        Assert.Equal(2, bench.Pirqs(7).Count);
        Assert.Equal(2, bench.Snapshot(7)!.Functions[0].Interrupts.Vectors);
    }
}
