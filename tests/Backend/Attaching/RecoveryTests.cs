using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>What a daemon finds at its start: a journal, a store and a hypervisor that went on without it.</summary>
public sealed class RecoveryTests
{
    private static readonly Guid Uuid = new("11111111-2222-3333-4444-555555555555");

    [Fact]
    public async Task A_guest_that_died_while_no_daemon_ran_is_settled_at_the_next_start()
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        bench.Host.DestroyDomain(7);
        await bench.RestartAsync();
        bench.AssertNothingLeft(7);
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

        // Killed when its pause is announced and not yet made. Doomed before the guest comes, which the daemon before it would see.
        StepKill kill = new("return after a reboot", "pause the guest", moment: 1);
        bench.Doom(kill);
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

    /// <summary>Without a frontend of its own the directories are the dead one's, and go.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_domain_id_that_came_back_as_somebody_else_is_not_touched(bool hasFrontend)
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

        if (hasFrontend)
        {
            bench.Store.Write(StoreKeys.StateOf(StoreKeys.FrontendOf(GuestId.Of(7))), "1");
        }

        string[] before = [.. bench.Store.Directory(StoreKeys.BackendOf(GuestId.Of(7))) ?? []];
        bench.Order.Clear();
        await bench.RestartAsync();
        Assert.Empty(bench.Order);
        Assert.Empty(bench.Journal);
        Assert.Equal(hasFrontend ? before : [], bench.Store.Directory(StoreKeys.BackendOf(GuestId.Of(7))) ?? []);
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

    /// <summary>The daemon starts for the other guests; what is expected to fail now and then is no defect, and has no stack.</summary>
    [Fact]
    public async Task What_cannot_be_undone_at_the_start_is_a_warning_with_the_reason_and_is_undone_later()
    {
        await using ToolstackBench bench = new(start: false);
        bench.Guest(7);
        StepKill kill = new("attach", "write their keys", moment: 0);
        bench.Doom(kill);
        await Record.ExceptionAsync(() => bench.Attach(7, "03:00.0"));
        Assert.True(kill.IsDead);

        bench.Granted.Fail(LoopbackCall.AllowMemory, Errno.EPERM);
        await bench.RestartAsync();

        string line = Assert.Single(bench.Lines.Warnings, static text => text.Contains("is not ended yet", StringComparison.Ordinal));
        Assert.Contains("domain 7: 0000:03:00.0: ", line, StringComparison.Ordinal);
        Assert.Contains("EPERM", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Lines.Errors, static text => text.Contains("could not be taken back", StringComparison.Ordinal));
        await bench.RestartAsync();
        Assert.Empty(bench.Journal);
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
