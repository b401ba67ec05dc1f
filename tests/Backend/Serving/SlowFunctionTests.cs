using PciBackFlow.Pci.Emulated;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>A function whose accesses take long, but come back: other guests of its shard do not wait for them.</summary>
public sealed class SlowFunctionTests
{
    // Status: one that hardware answers.
    private const int Status = 0x06;

    [Fact]
    public void Once_it_was_slow_its_accesses_hold_up_nobody_and_the_log_says_so_once()
    {
        // Nobody takes the shard from a thread that hangs: what goes on goes on because no access is made there.
        using Bench bench = new(options: static standard => standard with { Shards = 1, Engine = new EngineOptions { AccessLimitMilliseconds = 60_000 } });
        using SmallFrontend slow = bench.Connect(7, Bench.HostWaking);
        using SmallFrontend other = bench.Connect(8, Bench.HostA);
        bench.Waking.Faults.InjectDelay(TimeSpan.FromMilliseconds(25));
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(PciOpStatus.Success, slow.Read(devfn: 0, Status, size: 2).Status);
        }

        Assert.True(Assert.Single(bench.Snapshot(7)!.Functions).IsSlow);
        bench.Waking.Faults.Inject(FaultKind.Hangs);
        var reader = new Thread(() => slow.Read(devfn: 0, Status, size: 2));
        reader.Start();
        Bench.Eventually(() => bench.Waking.Faults.Hanging == 1, "it hangs");
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(PciOpStatus.Success, other.Read(devfn: 0, Status, size: 2).Status);
        }

        Assert.Equal(1, bench.Waking.Faults.Hanging);
        bench.Waking.Faults.Release();
        reader.Join();
        Assert.Single(bench.Lines.Warnings, static line => line.StartsWith("domain 7: 0000:07:00.0 answers slowly", StringComparison.Ordinal));
        Assert.DoesNotContain(bench.Lines.Warnings, static line => line.StartsWith("domain 8", StringComparison.Ordinal));
        Assert.True(bench.Snapshot(7)!.ReadCounters().SlowAccesses >= 5);
    }
}
