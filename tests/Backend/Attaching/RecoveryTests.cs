using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>L6: the daemon is killed at every step, and its successor finds a journal, a store and a hypervisor.</summary>
public sealed class RecoveryTests
{
    private static readonly Guid Uuid = new("11111111-2222-3333-4444-555555555555");
    private static readonly LoopbackRange[] NicFrames = [new(0xFEB00, 0x10), new(NicMemory >> 12, 0x40000)];

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task An_attach_killed_at_any_step_ends_whole_or_undone(bool after, bool isConnected)
    {
        int attached = 0, undone = 0;
        for (int step = 1; ; step++)
        {
            await using ToolstackBench bench = new(start: false);
            bench.Guest(7);
            if (isConnected)
            {
                await bench.Attach(7, "04:00.0");
            }

            KillSwitch kill = bench.Doom(step, after);
            Exception? failure = await Record.ExceptionAsync(() => bench.Attach(7, "03:00.0"));
            if (!kill.IsDead)
            {
                Assert.Null(failure);
                Assert.InRange(step, 9, 30);
                break;
            }

            Assert.True(failure is KillSwitch.KilledException or ObjectDisposedException, failure?.ToString());
            await bench.RestartAsync();
            if (bench.Toolstack.List(7).Any(device => device.Host == Nic))
            {
                attached++;
                await EventuallyAsync(() => bench.Toolstack.List(7).All(device => device is { State: AttachmentState.Connected, IsOurs: true }), bench.Shown(7));
                Assert.Equal([.. NicFrames.Take(1), .. isConnected ? [new LoopbackRange(0xFEB20, 4)] : Array.Empty<LoopbackRange>(), .. NicFrames.Skip(1)], bench.Granted.MemoryOf(7));
                Assert.Equal(7, bench.Granted.OwnerOf(Nic));
                await EventuallyAsync(() => bench.Key(7, "state") == "4", "connected");
                await bench.Detach(7, "03:00.0");
            }
            else
            {
                undone++;
                Assert.NotEqual(7, bench.Granted.OwnerOf(Nic));
                Assert.DoesNotContain(bench.Journal, entry => entry.Device == Nic);
            }

            if (isConnected)
            {
                Assert.Equal("0000:04:00.0 0000:00:00.0 connected", bench.Shown(7));
                Assert.Equal([20], bench.Granted.LinesOf(7));
                await bench.Detach(7, "04:00.0");
            }

            bench.AssertNothingLeft(7);
        }

        Assert.True(undone >= 6 && attached >= (after ? 1 : 0), $"{attached} whole, {undone} undone");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_detach_killed_at_any_step_is_finished(bool after)
    {
        for (int step = 1; ; step++)
        {
            await using ToolstackBench bench = new(start: false);
            await bench.GuestWith(7, "03:00.0");
            KillSwitch kill = bench.Doom(step, after);
            Exception? failure = await Record.ExceptionAsync(() => bench.Detach(7, "03:00.0"));
            if (!kill.IsDead)
            {
                Assert.Null(failure);
                Assert.InRange(step, 9, 30);
                return;
            }

            await bench.RestartAsync();
            if (bench.Toolstack.List(7).Count > 0)
            {
                // Killed before it asked.
                Assert.Equal((1, false), (step, after));
                Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
                await bench.Detach(7, "03:00.0");
            }

            bench.AssertNothingLeft(7);
        }
    }

    [Fact]
    public async Task A_guest_that_died_while_no_daemon_ran_is_settled_at_the_next_start()
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        bench.Host.DestroyDomain(7);
        await bench.RestartAsync();
        bench.AssertNothingLeft(7);
    }

    /// <summary>
    /// Whichever step of giving a rebooted guest its kept device is the last one, it runs in the end and has the device. Only where the journal cannot tell
    /// whose a pause is, next to the two calls themselves, it stays, and that is said.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_guest_that_stood_still_for_its_kept_device_when_the_daemon_was_killed_goes_on(bool after)
    {
        int left = 0;
        for (int step = 1; ; step++)
        {
            await using ToolstackBench bench = new(start: false);
            bench.Guest(7, Uuid);
            await bench.Attach(7, "03:00.0", keep: true);
            bench.Host.DestroyDomain(7);
            await bench.RestartAsync();
            await EventuallyAsync(() => bench.Journal.Count == 1, "only the wish");
            KillSwitch kill = bench.Doom(step, after);
            bench.Toolstack.Start();
            LoopbackDomain guest = bench.Create(8, Uuid);
            await EventuallyAsync(() => kill.IsDead || IsServed(bench), "killed or done");
            if (!kill.IsDead)
            {
                Assert.InRange(step, 10, 30);
                break;
            }

            await bench.RestartAsync();
            await EventuallyAsync(() => IsServed(bench), $"step {step}: served");
            if (!guest.IsPaused)
            {
                continue;
            }

            Assert.Contains(bench.Lines.Warnings, static line => line.Contains("xl unpause 8", StringComparison.Ordinal));
            left++;
        }

        Assert.Equal(1, left);

        static bool IsServed(ToolstackBench bench)
        {
            IReadOnlyList<JournalEntry> entries = bench.Journal;
            return bench.Granted.OwnerOf(Nic) == 8 && entries.All(static entry => entry.Grant.Kind != GrantKind.Pause)
                && Assert.Single(entries, static entry => entry is { Grant.Kind: GrantKind.Kept, Life.DomainId: 8 }) is not null
                && entries.All(static entry => entry.Life.DomainId == 8 && entry.IsDone);
        }
    }

    [Fact]
    public async Task A_pause_that_is_somebody_elses_is_not_undone()
    {
        await using ToolstackBench bench = new(start: false);
        bench.Guest(7, Uuid);
        await bench.Attach(7, "03:00.0", keep: true);
        bench.Host.DestroyDomain(7);
        await bench.RestartAsync();
        await EventuallyAsync(() => bench.Journal.Count == 1, "only the wish");

        // The first step is our own pause: killed before it. Doomed before the guest comes, which the daemon before it would see.
        KillSwitch kill = bench.Doom(1, after: false);
        LoopbackDomain guest = bench.Host.CreateDomain(8, Uuid);
        using (IDomainControl xl = bench.Host.BackendView.OpenDomainControl())
        {
            xl.Pause(8);
        }

        Record.Exception(bench.Toolstack.Start);
        await EventuallyAsync(() => kill.IsDead, "killed");
        await bench.RestartAsync();
        await EventuallyAsync(() => bench.Granted.OwnerOf(Nic) == 8 && bench.Journal.All(static entry => entry.Grant.Kind != GrantKind.Pause), "attached");
        Assert.True(guest.IsPaused);
    }

    [Fact]
    public async Task A_domain_id_that_came_back_as_somebody_else_is_not_touched()
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        bench.Host.DestroyDomain(7);
        await EventuallyAsync(() => bench.Custody.Find(Nic.ToString())!.OwnerDomain is null, "released");
        bench.Create(7);
        using (IDomainControl xl = bench.Host.BackendView.OpenDomainControl())
        {
            xl.AllowMemory(7, 0xFEB00, 0x10, allow: true);
            xl.Assign(7, Nic, relaxed: false);
        }

        string[] before = [.. bench.Store.Directory(StoreKeys.BackendOf(GuestId.Of(7))) ?? []];
        bench.Order.Clear();
        await bench.RestartAsync();
        Assert.Empty(bench.Order);
        Assert.Empty(bench.Journal);
        Assert.Equal(before, bench.Store.Directory(StoreKeys.BackendOf(GuestId.Of(7))) ?? []);
        Assert.Equal([new LoopbackRange(0xFEB00, 0x10)], bench.Granted.MemoryOf(7));
    }

    /// <summary>Xen does not say whose it is, only that it is a guest's.</summary>
    [Theory]
    [InlineData("its guest died")]
    [InlineData("xl moved it")]
    public async Task A_device_that_another_guest_has_meanwhile_is_not_stopped_for_the_former_one(string how)
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        bench.Create(8);
        using (IDomainControl xl = bench.Host.BackendView.OpenDomainControl())
        {
            if (how == "its guest died")
            {
                bench.Host.DestroyDomain(7);
            }
            else
            {
                bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, "7"));
                xl.Deassign(7, Nic);
            }

            await EventuallyAsync(() => bench.Custody.Find(Nic.ToString())!.OwnerDomain is null, "released");
            xl.Assign(8, Nic, relaxed: false);
            bench.Store.Write(StoreKeys.OwnerOf(ToolstackBench.Nic), "8");
        }

        bench.Custody.Restart();
        bench.Order.Clear();
        await bench.RestartAsync();
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");

        Assert.DoesNotContain("quiet 0000:03:00.0", bench.Order);
        Assert.Equal(8, bench.Granted.OwnerOf(Nic));
    }

    [Fact]
    public async Task A_running_guests_devices_are_known_to_the_next_daemon()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        IReadOnlyList<JournalEntry> before = bench.Journal;
        bench.Order.Clear();
        await bench.RestartAsync();
        Assert.Empty(bench.Order);
        Assert.Equal(before, bench.Journal);
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
        await bench.Detach(7, "03:00.0");
        bench.AssertNothingLeft(7);
    }
}
