using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Attaching.Plans;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching.Plans;

/// <summary>The daemon is killed before, in and after each step of an attach, and its successor finds a journal, a store and a hypervisor.</summary>
public sealed class KilledAttachTests
{
    private static readonly LoopbackRange NicRom = new(0xFEB00, 0x10);
    private static readonly LoopbackRange NicFrames = new(NicMemory >> 12, 0x40000);
    private static readonly LoopbackRange SoundFrames = new(0xFEB20, 4);

    public static TheoryData<string, string> Steps => PlanRows.Of(AttachPlan.Table);

    [Theory]
    [MemberData(nameof(Steps))]
    public Task For_a_guest_that_has_no_device_yet_it_ends_whole_or_undone(string plan, string step) =>
        EveryMoment.OfAsync(plan, step, kill => RunAsync(kill, isConnected: false));

    [Theory]
    [MemberData(nameof(Steps))]
    public Task For_a_connected_guest_it_ends_whole_or_undone(string plan, string step) =>
        EveryMoment.OfAsync(plan, step, kill => RunAsync(kill, isConnected: true));

    private static async Task RunAsync(StepKill kill, bool isConnected)
    {
        await using ToolstackBench bench = new(start: false);
        bench.Guest(7);
        if (isConnected)
        {
            await bench.Attach(7, "04:00.0");
        }

        bench.Doom(kill);
        Exception? failure = await Record.ExceptionAsync(() => bench.Attach(7, "03:00.0"));
        Assert.True(!kill.IsDead || failure is KilledException or ObjectDisposedException, failure?.ToString());
        if (!kill.IsDead)
        {
            return;
        }

        await bench.RestartAsync();
        bool isWhole = bench.Toolstack.List(7).Any(static device => device.Host == Nic);
        CheckOutcome(kill, isWhole);
        if (isWhole)
        {
            await EventuallyAsync(
                () => bench.Toolstack.List(7).All(static device => device is { State: AttachmentState.Connected, IsOurs: true }), bench.Shown(7));
            Assert.Equal([NicRom, .. isConnected ? [SoundFrames] : Array.Empty<LoopbackRange>(), NicFrames], bench.Granted.MemoryOf(7));
            Assert.Equal(7, bench.Granted.OwnerOf(Nic));
            await EventuallyAsync(() => bench.Key(7, "state") == "4", "connected");
            await bench.Detach(7, "03:00.0");
        }
        else
        {
            Assert.NotEqual(7, bench.Granted.OwnerOf(Nic));
            Assert.DoesNotContain(bench.Journal, static entry => entry.Device == Nic);
        }

        if (isConnected)
        {
            Assert.Equal("0000:04:00.0 0000:00:00.0 connected", bench.Shown(7));
            Assert.Equal([20], bench.Granted.LinesOf(7));
            await bench.Detach(7, "04:00.0");
        }

        bench.AssertNothingLeft(7);
    }

    // Whole from the moment on at which its keys are written: they are one transaction. Before that it is undone.
    private static void CheckOutcome(StepKill kill, bool isWhole)
    {
        string[] names = [.. AttachPlan.Table.Steps.Select(static step => step.Name)];
        int written = Array.IndexOf(names, "write their keys");
        int at = Array.IndexOf(names, kill.Step);
        Assert.True(written > 0);
        if (at != written)
        {
            Assert.Equal(at > written, isWhole);
        }
        else if (kill.WasAfter || kill.Moment == 0)
        {
            Assert.Equal(kill.WasAfter, isWhole);
        }
    }
}
