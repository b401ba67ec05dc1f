using PciBackFlow.Backend.Tests.Errors;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>A daemon starts while a device that a guest has answers nothing, because its link or itself is just being reset.</summary>
public sealed class SilentDeviceTests
{
    private const int Domain = 5;

    [Fact]
    public void One_that_answers_again_within_seconds_is_its_guests_as_before()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic, RestartBench.Sound);
        ConnectedGuestTests.EnableMsix(frontend);
        RestartBench.Mark(frontend);
        byte[] before = bench.NicHardware.Snapshot();
        bench.Kill();
        bench.NicHardware.Faults.Inject(FaultKind.AllOnes);
        long reads = bench.NicHardware.Reads;
        Thread back = new(() =>
        {
            // It has been found silent by then.
            Bench.Eventually(() => bench.NicHardware.Reads > reads, "looked at");
            Thread.Sleep(300);
            bench.NicHardware.Faults.Release();
        });
        back.Start();

        bench.StartNext();
        bench.AwaitServed(Domain);
        back.Join();

        Assert.Equal((2, "3", "3"), (bench.Snapshot(Domain)!.Functions.Count, bench.Key(Domain, "state-0"), bench.Key(Domain, "state-1")));
        Assert.True(RestartBench.IsMarked(frontend));
        Assert.Equal(2, bench.Pirqs(Domain).Count);
        Assert.Equal(before, bench.NicHardware.Snapshot());
    }

    [Fact]
    public void One_that_does_not_fails_alone()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic, RestartBench.Sound);
        bench.Kill();
        bench.NicHardware.Faults.Inject(FaultKind.AllOnes);

        bench.StartNext();
        bench.AwaitServed(Domain);

        Bench.Eventually(() => bench.Key(Domain, "state-0") == "6", "failed");
        Assert.Equal("3", bench.Key(Domain, "state-1"));
        Assert.Equal(PciOpStatus.Success, frontend.Read(8, 0, 4).Status);
    }

    [Fact]
    public void A_noted_recovery_waits_for_a_guest_whose_device_keeps_the_next_daemon()
    {
        using ManualResetEventSlim gate = new(true);
        using RestartBench bench = new(
            errorTiming: new() { Answer = TimeSpan.FromMilliseconds(300) }, around: function => new GatedFunction(function, gate));
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Sound);
        using DriverInGuest driver = new(frontend, static request => RecoveryOnLoopbackTests.AnswerOf(request, [2, 5, 5]));
        bench.Kill();
        LeaveNote(bench);
        gate.Reset();

        try
        {
            bench.StartNext();
            Thread.Sleep(1000);
            Assert.Null(bench.Snapshot(Domain)?.Shard);
            Assert.True(File.Exists(Path.Combine(bench.Left, $"recovery-{Domain}-0.json")));
        }
        finally
        {
            gate.Set();
        }

        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Recovered == 1), "recovered");
        Assert.Equal("7 normal 00", driver.Asked.Last());
    }

    // Of an error that a daemon heard of in the moment in which it was killed.
    private static void LeaveNote(RestartBench bench)
    {
        string guest = File.ReadAllText(Path.Combine(bench.Left, $"guest-{Domain}-0.json"));
        File.WriteAllText(
            Path.Combine(bench.Left, $"recovery-{Domain}-0.json"),
            guest[..guest.IndexOf(",\"page_reference\"", StringComparison.Ordinal)]
            + $",\"phase\":\"Detecting\",\"channel\":1,\"devices\":[\"{RestartBench.Sound}\"],\"reporting\":[\"{RestartBench.Sound}\"]}}");
    }

    /// <summary>One whose registers are read when a test lets them be.</summary>
    private sealed class GatedFunction(EmulatedFunction inner, ManualResetEventSlim gate) : DelegatingFunction(inner)
    {
        public override bool TryRead(int offset, int size, out uint value)
        {
            gate.Wait();
            return Inner.TryRead(offset, size, out value);
        }
    }
}
