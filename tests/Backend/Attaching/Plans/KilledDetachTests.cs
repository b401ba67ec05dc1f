using PciBackFlow.Backend.Attaching.Plans;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Hardware.Hypervisor;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching.Plans;

/// <summary>The daemon is killed before, in and after each step of a detach: its successor finishes it, unless the guest was not even asked.</summary>
public sealed class KilledDetachTests
{
    public static TheoryData<string, string> Steps => PlanRows.Of(DetachPlan.Table);

    [Theory]
    [MemberData(nameof(Steps))]
    public Task It_is_finished_or_can_be_done_again(string plan, string step) => EveryMoment.OfAsync(
        plan, step, LettingGoAsync, kill => ByForceAsync(kill, isAnswering: true), kill => ByForceAsync(kill, isAnswering: false), OfXlsAsync);

    private static async Task LettingGoAsync(StepKill kill)
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        bench.Doom(kill);
        await KilledAsync(kill, () => bench.Detach(7, "03:00.0"));
        if (!kill.IsDead)
        {
            return;
        }

        await bench.RestartAsync();
        if (bench.Toolstack.List(7).Count > 0)
        {
            // Killed before it asked.
            Assert.True(kill.Step is "note xl's devices among them" || (kill.Step == "ask the guest for them" && !kill.WasAfter), kill.Step);
            Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
            await bench.Detach(7, "03:00.0");
        }

        bench.AssertNothingLeft(7);
    }

    // A guest without a frontend, or one whose frontend never answers.
    private static async Task ByForceAsync(StepKill kill, bool isAnswering)
    {
        await using ToolstackBench bench = new(start: false, timing: new() { LetGo = TimeSpan.FromMilliseconds(50), Ready = TimeSpan.FromSeconds(1) });
        bench.Create(7);
        await bench.Attach(7, "03:00.0", wait: false);
        if (isAnswering)
        {
            bench.Boot(7);
            await EventuallyAsync(() => bench.Shown(7).EndsWith("connected", StringComparison.Ordinal), "connected");
        }

        bench.Doom(kill);
        await KilledAsync(kill, () => bench.Detach(7, "03:00.0", force: true));
        if (!kill.IsDead)
        {
            return;
        }

        await bench.RestartAsync();
        if (bench.Toolstack.List(7).Count > 0)
        {
            await bench.Detach(7, "03:00.0", force: true);
        }

        bench.AssertNothingLeft(7);
    }

    private static async Task OfXlsAsync(StepKill kill)
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        await bench.AttachByXl(7, Sound);
        bench.Doom(kill);
        await KilledAsync(kill, () => bench.Detach(7, "04:00.0"));
        if (kill.IsDead)
        {
            await bench.RestartAsync();
            Assert.Equal(7, bench.Granted.OwnerOf(Sound));
            await EventuallyAsync(() => bench.Key(7, "state") == "4", "connected");
            await Record.ExceptionAsync(() => bench.Detach(7, "04:00.0"));
            Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
            Assert.All(bench.Journal, static entry => Assert.Equal(Nic, entry.Device));
        }

        using IDomainControl xl = bench.Host.BackendView.OpenDomainControl();
        Assert.Equal(7, bench.Granted.OwnerOf(Sound));
        xl.Deassign(7, Sound);
    }

    private static async Task KilledAsync(StepKill kill, Func<Task> detach)
    {
        Exception? failure = await Record.ExceptionAsync(detach);
        Assert.True(!kill.IsDead || failure is KilledException or ObjectDisposedException, failure?.ToString());
    }
}
