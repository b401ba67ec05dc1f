using PciBackFlow.Backend.Tests.Inheritance;
using PciBackFlow.Hardware.Errors;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>A host lets go of its guests: from then on devices are their next server's, and nothing is done to them here.</summary>
public sealed class EndOfTheHostTests
{
    [Theory]
    [InlineData(ErrorSeverity.NonFatal)]
    [InlineData(ErrorSeverity.Fatal)]
    public void What_is_heard_of_a_device_after_that_clears_nothing(ErrorSeverity severity)
    {
        using ErrorBench bench = new();
        bench.Connect(7, ErrorBench.Card);
        bench.Bench.Backend.Release();

        bench.Raise(ErrorBench.Card, severity, ErrorBench.Card);

        Assert.Empty(bench.Errors.Cleared);
        Assert.Empty(bench.Bench.Backend.Errors);
    }

    [Fact]
    public void Who_serves_next_hears_of_errors_whenever_the_one_before_is_closed()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(7, RestartBench.Nic);
        using DriverInGuest driver = new(frontend, static request => RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]));
        BackendHost before = bench.Backend;
        before.Release();
        bench.StartNext();
        before.Dispose();
        bench.AwaitServed(7);

        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.NonFatal));

        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Recovered == 1), "recovered");
        Assert.Empty(before.Errors);
    }

    [Fact]
    public void A_device_whose_reset_has_not_begun_by_then_is_not_reset_any_more()
    {
        using ManualResetEventSlim gate = new();
        Dictionary<Pci.PciAddress, CountingFunction> functions = [];
        using ErrorBench bench = new(around: function => functions[function.Address] = new CountingFunction(function) { Gate = gate });
        try
        {
            using DriverInGuest driver = bench.Drive(
                7, static request => RecoveryOnLoopbackTests.AnswerOf(request, [3, 0, 5]), ErrorBench.Card, ErrorBench.CardToo);
            bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal, ErrorBench.Card, ErrorBench.CardToo);
            Bench.Eventually(() => functions[ErrorBench.Card].Resets == 1, "the first one's reset");

            bench.Bench.Backend.Release();
            gate.Set();
            Thread.Sleep(200);

            Assert.Equal(0, functions[ErrorBench.CardToo].Resets);
            Assert.Equal(["6 normal 00", "6 normal 01"], driver.Asked);
            Assert.Empty(bench.Errors.Cleared);
        }
        finally
        {
            gate.Set();
        }
    }

    [Fact]
    public void A_recovery_that_fails_behind_it_takes_no_device_and_clears_nothing()
    {
        using ManualResetEventSlim gate = new();
        CountingFunction? card = null;
        using ErrorBench bench = new(around: function =>
        {
            CountingFunction counted = new(function);
            card ??= counted;
            return counted;
        });
        try
        {
            using DriverInGuest driver = bench.Drive(7, request =>
            {
                card!.Gate = gate;
                return RecoveryOnLoopbackTests.AnswerOf(request, [4, 0, 0]);
            }, ErrorBench.Card);
            bench.Raise(ErrorBench.Card, ErrorSeverity.Fatal);
            Bench.Eventually(() => card!.Resets == 1, "the reset after the end");

            bench.Bench.Backend.Release();
            gate.Set();
            Thread.Sleep(200);

            Assert.Empty(bench.Errors.Cleared);
            Assert.Equal(0, bench.Of(ErrorBench.Card).Failed);
        }
        finally
        {
            gate.Set();
        }
    }
}
