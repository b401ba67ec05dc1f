using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>
/// A paravirtualised guest keeps what it has mapped when its permission is taken, until it ends: its former device is not handed on before.
/// </summary>
public sealed class FormerGuestTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_device_goes_to_the_next_guest_when_its_former_one_has_ended(bool isForced, bool isRestarted)
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        await bench.Detach(7, "03:00.0", isForced);
        if (isRestarted)
        {
            await bench.RestartAsync();
        }

        bench.Guest(8);
        await AssertRefused(bench, 8, "03:00.0");

        bench.Host.DestroyDomain(7);
        await bench.Attach(8, "03:00.0");
        Assert.Equal(8, bench.Granted.OwnerOf(Nic));
    }

    [Fact]
    public async Task A_guest_that_halted_reaches_nothing_any_more()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        await bench.Detach(7, "03:00.0");
        bench.Guest(8);
        bench.Host.ShutDown(7);

        await bench.Attach(8, "03:00.0");
        await EventuallyAsync(() => bench.Reached.Count == 0, "forgotten");
    }

    [Fact]
    public async Task The_same_guest_gets_its_device_again()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        for (int i = 0; i < 3; i++)
        {
            await bench.Detach(7, "03:00.0");
            await bench.Attach(7, "03:00.0");
        }

        Assert.Equal([(7, Nic)], bench.Reached);
    }

    [Fact]
    public async Task What_a_guest_could_reach_is_forgotten_with_it_also_when_no_daemon_saw_its_end()
    {
        await using ToolstackBench bench = new(start: false);
        await bench.GuestWith(7, "03:00.0");
        await bench.Detach(7, "03:00.0");
        Assert.Equal([(7, Nic)], bench.Reached);
        bench.Host.DestroyDomain(7);
        bench.Guest(7);

        await bench.RestartAsync();

        await EventuallyAsync(() => bench.Reached.Count == 0, "forgotten");
    }

    [Fact]
    public async Task A_later_life_of_the_same_id_is_another_guest()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        await bench.Detach(7, "03:00.0");
        bench.Host.DestroyDomain(7);
        bench.Guest(7);
        bench.Guest(8);

        await bench.Attach(8, "03:00.0");
    }

    [Fact]
    public async Task A_person_who_insists_gets_it_and_is_told_whom_the_next_guest_trusts()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        await bench.Detach(7, "03:00.0");
        bench.Guest(8);

        await bench.Attach(8, "03:00.0", force: true);

        Assert.Equal(8, bench.Granted.OwnerOf(Nic));
        Assert.Contains(bench.Lines.Warnings, static line => line.Contains("domain 7 had its memory", StringComparison.Ordinal));

        // Two of them by now.
        await bench.Detach(8, "03:00.0");
        bench.Guest(9);
        Assert.Contains("domain 7 and domain 8", await AssertRefused(bench, 9, "03:00.0"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RefusalWeight.Warning, true)]
    [InlineData(RefusalWeight.None, false)]
    public async Task An_administrator_can_make_it_a_warning_or_nothing(RefusalWeight weight, bool isSaid)
    {
        await using ToolstackBench bench = new();
        bench.Custody.Refusals = new([new("former-guest", weight)]);
        await bench.GuestWith(7, "03:00.0");
        await bench.Detach(7, "03:00.0");
        bench.Guest(8);

        await bench.Attach(8, "03:00.0");

        Assert.Equal(isSaid, bench.Lines.Warnings.Any(static line => line.Contains("domain 7 had its memory", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_host_gets_it_back_when_its_former_guest_has_ended_or_a_person_insists()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0", "04:00.0");
        await bench.Detach(7, "03:00.0");
        await bench.Detach(7, "04:00.0");

        BackendException refusal = Assert.Throws<BackendException>(() => bench.Custody.GiveBack(Nic, rebind: true, force: false));
        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        Assert.Contains("domain 7", refusal.Message, StringComparison.Ordinal);
        bench.Custody.GiveBack(Sound, rebind: true, force: true);

        bench.Host.DestroyDomain(7);
        bench.Custody.GiveBack(Nic, rebind: true, force: false);
        Assert.DoesNotContain(bench.Custody.Held(), static device => device.Address == Nic || device.Address == Sound);
    }

    /// <summary>Whoever could map the page that they share has reached the registers of both.</summary>
    [Fact]
    public async Task A_device_in_the_same_page_as_a_former_guests_is_not_handed_on_either()
    {
        await using ToolstackBench bench = new();
        ShareAPage(bench);
        await bench.GuestWith(7, "05:00.0");
        await bench.Detach(7, "05:00.0");
        bench.Guest(8);

        await AssertRefused(bench, 8, "04:00.0");
    }

    [Fact]
    public async Task A_guest_that_cannot_have_a_device_is_never_allowed_to_map_it()
    {
        await using ToolstackBench bench = new();
        bench.Create(7).AllowsPassthrough = false;
        bench.Boot(7);
        bench.Order.Clear();

        BackendException failure = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "03:00.0"));

        Assert.Contains("passthrough=", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Order, static what => what.StartsWith("AllowMemory +", StringComparison.Ordinal));
        Assert.Empty(bench.Reached);
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task Memory_is_the_last_that_is_granted_and_the_first_that_is_revoked()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        await bench.Detach(7, "03:00.0");

        string[] calls = [.. bench.Order.Where(static what => what.Contains('+') || what.Contains('-')).Select(static what => what.Split(' ')[0])];
        string[] granting = ["Assign", "MapLine", "AllowInterrupt", "AllowPorts", "AllowMemory", "AllowMemory"];
        string[] revoking = ["AllowMemory", "AllowMemory", "AllowPorts", "AllowInterrupt", "Unmap", "Deassign"];
        Assert.Equal([.. granting, .. revoking], calls);
    }

    /// <summary>What is refused after memory was granted leaves a guest that may have mapped it.</summary>
    [Fact]
    public async Task An_attach_that_failed_late_leaves_a_former_guest()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);
        bench.Granted.Fail(LoopbackCall.AllowMemory, Errno.EPERM, ordinal: 2);
        await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "03:00.0"));
        bench.Guest(8);

        await AssertRefused(bench, 8, "03:00.0");
    }

    [Theory]
    [InlineData("claimed")]
    [InlineData("owned but not claimed")]
    [InlineData("after a restart")]
    public async Task A_device_that_shares_a_page_with_another_guests_is_refused_before_anything_of_it_is_granted(string how)
    {
        await using ToolstackBench bench = new();
        ShareAPage(bench);
        bench.Guest(7);
        if (how == "owned but not claimed")
        {
            // By xl, whose guest never answered, or is served by QEMU.
            using Hardware.Hypervisor.IDomainControl xl = bench.Host.BackendView.OpenDomainControl();
            xl.Assign(7, Disk0, relaxed: false);
        }
        else
        {
            await bench.Attach(7, "05:00.0");
        }

        if (how == "after a restart")
        {
            bench.Backend.Dispose();
            bench.Custody.Restart();
            await bench.RestartAsync();
        }

        bench.Create(8);
        bench.Order.Clear();
        BackendException refusal = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(8, "04:00.0", wait: false, force: true));

        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        Assert.Contains("shares a 4 KiB page of memory with 0000:05:00.0", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Order);
    }

    [Fact]
    public async Task Two_devices_in_one_page_can_be_one_guests()
    {
        await using ToolstackBench bench = new();
        ShareAPage(bench);
        await bench.GuestWith(7, "05:00.0", "04:00.0");

        Assert.Equal((7, 7), (bench.Granted.OwnerOf(Disk0), bench.Granted.OwnerOf(Sound)));
    }

    /// <summary>Neither is in the journal yet.</summary>
    [Fact]
    public async Task Two_devices_in_one_page_are_not_on_their_way_to_two_guests_at_once()
    {
        await using ToolstackBench bench = new();
        ShareAPage(bench);
        DeviceReservations reservations = new(bench.Custody);
        using IDisposable first = reservations.Take(7, [Disk0]);

        Assert.Contains(
            "shares a 4 KiB page", Assert.Throws<BackendException>(() => reservations.Take(8, [Sound])).Message, StringComparison.Ordinal);
        reservations.Take(7, [Sound]).Dispose();
        first.Dispose();
        reservations.Take(8, [Sound]).Dispose();
    }

    private static void ShareAPage(ToolstackBench bench)
    {
        bench.Custody.Resize(Disk0, new BaseAddress(0xFEB3_0000, 0x100, 0));
        bench.Custody.Resize(Sound, new BaseAddress(0xFEB3_0800, 0x100, 0));
    }

    private static async Task<string> AssertRefused(ToolstackBench bench, int domain, string device)
    {
        bench.Order.Clear();
        BackendException refusal = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(domain, device));
        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        Assert.Contains("former-guest", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("domain 7", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--force", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Order);
        return refusal.Message;
    }
}
