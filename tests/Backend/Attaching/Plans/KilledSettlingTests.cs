using PciBackFlow.Backend.Attaching.Plans;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching.Plans;

/// <summary>
/// The daemon is killed before, in and after each step of what it does by itself: after a guest's end, after its return, and at its own
/// start.
/// </summary>
public sealed class KilledSettlingTests
{
    private static readonly Guid Uuid = new("11111111-2222-3333-4444-555555555555");

    public static TheoryData<string, string> SettleSteps => PlanRows.Of(SettlePlan.Table);

    public static TheoryData<string, string> ReturnSteps => PlanRows.Of(ReturnPlan.Table);

    public static TheoryData<string, string> RecoverSteps => PlanRows.Of(RecoverPlan.Table);

    [Theory]
    [MemberData(nameof(SettleSteps))]
    public Task What_a_guest_had_is_taken_back_in_the_end(string plan, string step) =>
        EveryMoment.OfAsync(plan, step, kill => EndAsync(kill, isHalting: false), kill => EndAsync(kill, isHalting: true), ForgetAsync);

    /// <summary>
    /// Whichever moment of giving a rebooted guest its kept device is the last one, it runs in the end and has the device. Only where the journal cannot tell
    /// whose a pause is, next to the two calls themselves, it stays, and that is said.
    /// </summary>
    [Theory]
    [MemberData(nameof(ReturnSteps))]
    public Task A_guest_that_stood_still_for_its_kept_device_goes_on(string plan, string step) => EveryMoment.OfAsync(plan, step, ReturnAsync);

    [Theory]
    [MemberData(nameof(RecoverSteps))]
    public Task What_one_daemon_left_half_done_and_the_next_as_well_is_finished_by_the_third(string plan, string step) => EveryMoment.OfAsync(
        plan, step,
        kill => RecoverAsync(kill, new("attach", "write their keys", 0)),
        kill => RecoverAsync(kill, new("attach", "note that they are written", 0)),
        kill => RecoverAsync(kill, new("detach", "wait until it has let go", 0)),
        RecoverXlsAsync);

    private static async Task EndAsync(StepKill kill, bool isHalting)
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        bench.Doom(kill);
        bench.Toolstack.Start();
        if (isHalting)
        {
            bench.Host.ShutDown(7);
        }
        else
        {
            bench.Host.DestroyDomain(7);
        }

        if (!await IsKilledAsync(kill, () => bench.Journal.All(static entry => entry.Grant.Kind == GrantKind.Nodes)))
        {
            return;
        }

        await bench.RestartAsync();
        if (isHalting)
        {
            await EventuallyAsync(() => bench.Journal.All(static entry => entry.Grant.Kind == GrantKind.Nodes), "revoked");
            bench.Host.DestroyDomain(7);
        }

        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        bench.AssertNothingLeft(7);
    }

    /// <summary>It had lost its device before it ended.</summary>
    private static async Task ForgetAsync(StepKill kill)
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        await bench.Detach(7, "03:00.0");
        bench.Doom(kill);
        bench.Toolstack.Start();
        bench.Host.DestroyDomain(7);
        if (!await IsKilledAsync(kill, () => bench.Reached.Count == 0))
        {
            return;
        }

        await bench.RestartAsync();
        await EventuallyAsync(() => bench.Reached.Count == 0, "forgotten");
        bench.AssertNothingLeft(7);
    }

    private static async Task ReturnAsync(StepKill kill)
    {
        await using ToolstackBench bench = new(start: false);
        bench.Guest(7, Uuid);
        await bench.Attach(7, "03:00.0", keep: true);
        bench.Host.DestroyDomain(7);
        await bench.RestartAsync();
        await EventuallyAsync(() => bench.Journal.Count == 1, "only the wish");
        bench.Doom(kill);
        bench.Toolstack.Start();
        LoopbackDomain guest = bench.Create(8, Uuid);
        if (!await IsKilledAsync(kill, () => IsServed(bench)))
        {
            return;
        }

        await bench.RestartAsync();
        await EventuallyAsync(() => IsServed(bench), "served");
        bool isSaid = bench.Lines.Warnings.Any(static line => line.Contains("xl unpause 8", StringComparison.Ordinal));
        Assert.True(!guest.IsPaused || isSaid, "it stands still and nobody says why");
    }

    private static bool IsServed(ToolstackBench bench)
    {
        IReadOnlyList<JournalEntry> entries = bench.Journal;
        return bench.Granted.OwnerOf(Nic) == 8 && entries.All(static entry => entry.Grant.Kind != GrantKind.Pause)
            && entries.Count(static entry => entry is { Grant.Kind: GrantKind.Kept, Life.DomainId: 8 }) == 1
            && entries.All(static entry => entry.Life.DomainId == 8 && entry.IsDone);
    }

    private static async Task RecoverAsync(StepKill kill, StepKill before)
    {
        await using ToolstackBench bench = new(start: false);
        bench.Guest(7);
        if (before.Plan == "detach")
        {
            await bench.Attach(7, "03:00.0");
        }

        bench.Doom(before);
        await Record.ExceptionAsync(() => before.Plan == "detach" ? bench.Detach(7, "03:00.0") : bench.Attach(7, "03:00.0"));
        Assert.True(before.IsDead);
        bench.Doom(kill);
        Task recovery = bench.Toolstack.RecoverAsync();
        await IsKilledAsync(kill, () => recovery.IsCompleted);
        await bench.RestartAsync();
        if (bench.Toolstack.List(7).Count > 0)
        {
            await bench.Detach(7, "03:00.0");
        }

        bench.AssertNothingLeft(7);
    }

    private static async Task RecoverXlsAsync(StepKill kill)
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        await bench.AttachByXl(7, Sound);
        StepKill before = new("detach", "ask the guest for them", 0);
        bench.Doom(before);
        await Record.ExceptionAsync(() => bench.Detach(7, "04:00.0"));
        Assert.True(before.IsDead);
        bench.Doom(kill);
        Task recovery = bench.Toolstack.RecoverAsync();
        await IsKilledAsync(kill, () => recovery.IsCompleted);
        await bench.RestartAsync();
        Assert.All(bench.Journal, static entry => Assert.Equal(Nic, entry.Device));
        Assert.Equal(7, bench.Granted.OwnerOf(Sound));
    }
}
