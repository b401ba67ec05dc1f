using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Grants;
using PciBackFlow.Pci;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>Two devices on one interrupt line: those of one guest are its own affair, those of two are not. Both are on line 20.</summary>
public sealed class SharedLineTests
{
    [Fact]
    public async Task A_line_is_shared_by_the_devices_of_one_guest()
    {
        await using ToolstackBench bench = new();

        await bench.GuestWith(7, "03:00.0", "04:00.0");

        Assert.Empty(bench.Lines.Warnings);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_device_on_another_guests_line_is_refused_and_nothing_of_it_granted(bool isRestarted)
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Guest(8);
        if (isRestarted)
        {
            await bench.RestartAsync();
        }

        bench.Order.Clear();
        string reason = await AssertRefused(bench, 8, "04:00.0");

        Assert.Contains("shared-line", reason, StringComparison.Ordinal);
        Assert.Contains($"interrupt line 20 is shared with {Nic}, which domain 7 has", reason, StringComparison.Ordinal);
        Assert.Contains(SharedLineRule.Remedy, reason, StringComparison.Ordinal);
        Assert.False(bench.Granted.HasAnything(8));
        Assert.DoesNotContain(bench.Order, static call => call.Contains('+', StringComparison.Ordinal));

        // With the first one's end there is nothing to refuse.
        bench.Host.DestroyDomain(7);
        await EventuallyAsync(() => bench.Custody.Find("03:00.0")!.OwnerDomain is null, "taken from domain 7");
        await bench.Attach(8, "04:00.0");
    }

    [Fact]
    public async Task A_person_who_insists_gets_it_and_is_told_who_shares_it()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Guest(8);

        await bench.Attach(8, "04:00.0", force: true);

        Assert.Equal(8, bench.Granted.OwnerOf(Sound));
        Assert.Contains(
            bench.Lines.Warnings,
            static line => line.Contains($"gets {Sound} all the same: interrupt line 20 is shared with {Nic}, which domain 7 has", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(RefusalWeight.Warning, true)]
    [InlineData(RefusalWeight.None, false)]
    public async Task An_administrator_can_make_it_a_warning_or_nothing(RefusalWeight weight, bool isSaid)
    {
        await using ToolstackBench bench = new();
        bench.Custody.Refusals = new([new("shared-line", weight)]);
        await bench.GuestWith(7, "03:00.0");
        bench.Guest(8);

        await bench.Attach(8, "04:00.0");

        Assert.Equal(isSaid, bench.Lines.Warnings.Any(static line => line.Contains("interrupt line 20 is shared", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_device_whose_line_a_driver_of_the_host_listens_on_is_refused()
    {
        await using ToolstackBench bench = new();
        bench.Custody.HostUsers[Nic] = "interrupt line 20 is shared with eth0";
        bench.Guest(7);

        Assert.Contains("interrupt line 20 is shared with eth0", await AssertRefused(bench, 7, "03:00.0"), StringComparison.Ordinal);
        await bench.Attach(7, "03:00.0", force: true);
    }

    [Fact]
    public async Task A_device_that_is_just_being_attached_counts_as_its_guests()
    {
        using ManualResetEventSlim granting = new();
        using ManualResetEventSlim go = new();
        await using ToolstackBench bench = new();
        bench.Guest(7);
        bench.Guest(8);
        bench.Host.Passthrough.Observer = request =>
        {
            if (request.Call == Hardware.Hypervisor.Loopback.LoopbackCall.Assign && request.DomainId == 7)
            {
                granting.Set();
                Assert.True(go.Wait(TimeSpan.FromSeconds(20)));
            }
        };
        Task first = Task.Run(() => bench.Attach(7, "03:00.0"));
        Assert.True(granting.Wait(TimeSpan.FromSeconds(20)));

        try
        {
            Assert.Contains(
                $"interrupt line 20 is shared with {Nic}, which is being attached to or detached from domain 7", await AssertRefused(bench, 8, "04:00.0"),
                StringComparison.Ordinal);
        }
        finally
        {
            go.Set();
            await first;
        }
    }

    [Fact]
    public async Task The_host_gets_a_device_on_a_guests_line_back_only_if_a_person_insists()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");

        BackendException refusal = Assert.Throws<BackendException>(() => bench.Custody.GiveBack(Sound, rebind: true, force: false));

        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        Assert.Contains($"interrupt line 20 is shared with {Nic}, which domain 7 has", refusal.Message, StringComparison.Ordinal);
        bench.Custody.GiveBack(Sound, rebind: true, force: true);
        Assert.DoesNotContain(bench.Custody.Held(), static device => device.Address == Sound);
    }

    [Fact]
    public async Task What_xl_gave_a_guest_counts_as_well()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "05:00.0");
        await bench.AttachByXl(7, Nic);
        bench.Guest(8);

        Assert.Contains($"shared with {Nic}, which domain 7 has", await AssertRefused(bench, 8, "04:00.0"), StringComparison.Ordinal);
    }

    /// <summary>A person insisted when it was attached, for all of the guest's lives.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_kept_device_returns_after_a_reboot_as_it_was_attached(bool isForced)
    {
        await using ToolstackBench bench = new();
        var guest = Guid.NewGuid();
        bench.Guest(8);
        bench.Guest(7, guest);
        if (isForced)
        {
            await bench.Attach(8, "04:00.0");
        }

        await bench.Attach(7, "03:00.0", keep: true, force: isForced);
        bench.Host.DestroyDomain(7);
        await EventuallyAsync(() => bench.Custody.Find("03:00.0")!.OwnerDomain is null, "taken from domain 7");
        if (!isForced)
        {
            await bench.Attach(8, "04:00.0");
        }

        bench.Guest(9, guest);

        if (isForced)
        {
            await EventuallyAsync(() => bench.Granted.OwnerOf(Nic) == 9, "attached again");
        }
        else
        {
            await EventuallyAsync(
                () => bench.Lines.Errors.Any(static line => line.Contains("could not be attached again", StringComparison.Ordinal)), "refused");
            Assert.NotEqual(9, bench.Granted.OwnerOf(Nic));
        }
    }

    private static async Task<string> AssertRefused(ToolstackBench bench, int domain, string spec)
    {
        BackendException refusal = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(domain, spec));
        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        return refusal.Message;
    }
}
