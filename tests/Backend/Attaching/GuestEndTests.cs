using System.Collections.Concurrent;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>Guests that die, are taken offline or come back.</summary>
public sealed class GuestEndTests
{
    private static readonly Guid Uuid = new("11111111-2222-3333-4444-555555555555");

    [Fact]
    public async Task A_guest_that_dies_gives_its_devices_back()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0", "05:00.0");
        bench.Host.DestroyDomain(7);
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        bench.AssertNothingLeft(7);
        bench.Guest(8);
        Assert.Equal(AttachmentState.Connected, (await bench.Attach(8, "03:00.0")).State);
    }

    /// <summary>Between two of its steps nobody seems to have the device: the host must not get it then.</summary>
    [Theory]
    [InlineData("detach")]
    [InlineData("detach by force")]
    [InlineData("its keys are removed")]
    public async Task On_its_whole_way_to_a_guest_and_back_a_device_is_kept_from_the_host(string end)
    {
        await using ToolstackBench bench = new();
        ConcurrentQueue<string> unkept = new();
        int calls = 0;
        bench.Granted.Observer = request =>
        {
            Interlocked.Increment(ref calls);
            if (!bench.Custody.IsKept(Nic))
            {
                unkept.Enqueue(request.ToString());
            }
        };
        await bench.GuestWith(7, "03:00.0");
        Assert.False(bench.Custody.IsKept(Nic));
        if (end == "its keys are removed")
        {
            bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, "7"));
        }
        else
        {
            await bench.Detach(7, "03:00.0", force: end == "detach by force");
        }

        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        await EventuallyAsync(() => !bench.Custody.IsKept(Nic), "no longer kept");
        Assert.InRange(calls, 12, 40);
        Assert.Empty(unkept);
    }

    [Fact]
    public async Task A_device_that_is_just_being_given_back_is_not_attached()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);
        bench.Custody.BeginGiveBack(Nic);
        BackendException refusal = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "03:00.0"));
        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        Assert.Contains("given back", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Order);
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_zombie_is_as_good_as_dead()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Host.BeginDestroy(7);
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        Assert.False(bench.Granted.HasAnything(7));
        bench.Host.DestroyDomain(7);
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_guest_that_halted_gives_its_devices_back_and_its_keys_stay_for_who_destroys_it()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Host.ShutDown(7);
        await EventuallyAsync(() => bench.Journal.All(static entry => entry.Grant.Kind == GrantKind.Nodes), "revoked");
        Assert.Equal(("0000:03:00.0", "4"), (bench.Key(7, "dev-0"), bench.Key(7, "state")));

        bench.Host.DestroyDomain(7);
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        bench.AssertNothingLeft(7);
        Assert.Null(bench.Store.Directory(StoreKeys.BackendOf(GuestId.Of(7))));
    }

    /// <summary>As libxl_pci.c does it for each device of a halted guest: Connected, 5 and 7, Connected, then the keys.</summary>
    [Fact]
    public async Task Who_clears_a_halted_guest_away_by_the_handshake_is_answered_in_its_place()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0", "04:00.0");
        bench.Host.ShutDown(7);
        for (int left = 2; left > 0; left--)
        {
            await EventuallyAsync(() => bench.Key(7, "state") == "4", "ready");
            bench.Store.Run(store =>
            {
                store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), "state-0"), "5");
                store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), "state"), "7");
                return 0;
            });
            await EventuallyAsync(() => bench.Key(7, "state") == "4", "answered");
            bench.Store.Run(store => new DirectoryWriter(store, GuestId.Of(7)).RemoveDevices([PciAddress.Parse(bench.Key(7, "dev-0")!)]));
        }

        bench.Store.Run(store =>
        {
            new DirectoryWriter(store, GuestId.Of(7)).Destroy();
            return 0;
        });
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_guest_taken_offline_gives_its_devices_back_when_it_has_closed()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), "online"), "0");
        bench.Store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), "state"), "5");
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task Devices_that_xl_gave_the_dead_guest_are_left_to_xl()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        foreach ((string key, string value) in new[] { ("dev-1", "0000:04:00.0"), ("state-1", "1"), ("num_devs", "2"), ("state", "7") })
        {
            bench.Store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), key), value);
        }

        await EventuallyAsync(() => bench.Key(7, "vdev-1") is not null, "xl's device");
        bench.Host.DestroyDomain(7);
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        Assert.Equal(("0000:04:00.0", "1"), (bench.Key(7, "dev-0"), bench.Key(7, "num_devs")));
    }

    /// <summary>At each call an attach makes, and once more a little later.</summary>
    [Fact]
    public async Task A_guest_that_dies_at_any_step_of_its_attach_leaves_nothing()
    {
        for (int step = 1; ; step++)
        {
            await using ToolstackBench bench = new();
            bench.Guest(7);
            int calls = 0;
            bool died = false;
            bench.Host.Passthrough.Observer = _ =>
            {
                if (Interlocked.Increment(ref calls) == step)
                {
                    died = true;
                    bench.Host.DestroyDomain(7);
                }
            };
            Exception? failure = await Record.ExceptionAsync(() => bench.Attach(7, "03:00.0"));
            if (!died)
            {
                Assert.Null(failure);
                Assert.InRange(step, 6, 20);
                return;
            }

            Assert.IsType<BackendException>(failure);
            await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
            bench.AssertNothingLeft(7);
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    [InlineData("4")]
    [InlineData("7")]
    public async Task A_guest_that_dies_in_a_handshake_leaves_nothing(string frontendState)
    {
        await using ToolstackBench bench = new();
        LinuxGuest guest = bench.Guest(7);
        if (frontendState is "4" or "7")
        {
            await bench.Attach(7, "04:00.0");
        }

        guest.IsSilent = frontendState != "3";
        Task attached = bench.Attach(7, "03:00.0");
        await EventuallyAsync(
            () => bench.Journal.Any(entry => entry is { Grant.Kind: Backend.Grants.GrantKind.Nodes, IsDone: true } && entry.Device == Nic),
            "offered");
        if (frontendState == "7")
        {
            guest.Write("state", "7");
        }

        bench.Host.DestroyDomain(7);
        await Record.ExceptionAsync(() => attached);
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_guest_that_dies_while_it_is_asked_to_let_go_has_let_go()
    {
        await using ToolstackBench bench = new();
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        Task detached = bench.Detach(7, "03:00.0");
        await EventuallyAsync(() => bench.Key(7, "state-0") == "5", "asked");
        bench.Host.DestroyDomain(7);
        await detached;
        await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_kept_device_comes_back_with_the_guest_before_its_first_instruction()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7, Uuid);
        await bench.Attach(7, "03:00.0,permissive=1", keep: true);
        await bench.Attach(7, "04:00.0");
        bench.Host.DestroyDomain(7);
        bench.Create(9);
        bench.Order.Clear();
        bench.Create(8, Uuid);
        await EventuallyAsync(() => bench.Granted.OwnerOf(Nic) == 8 && bench.Order.Contains("Unpause +0"), "attached again");
        string[] order = [.. bench.Order];
        Assert.Equal("Pause +0", order.First(line => line.StartsWith("Pause", StringComparison.Ordinal)));
        Assert.True(Array.IndexOf(order, "Pause +0") < Array.IndexOf(order, "Assign +0"));
        Assert.True(Array.IndexOf(order, "Assign +0") < Array.IndexOf(order, "Unpause +0"));
        Assert.Equal("msitranslate=0,power_mgmt=0,permissive=1,rdm_policy=strict", bench.Key(8, "opts-0"));
        Assert.Equal("1", bench.Key(8, "num_devs"));
        bench.Boot(8);
        await EventuallyAsync(() => bench.Shown(8) == "0000:03:00.0 0000:00:00.0 connected", "connected");

        // And again, by a daemon that was restarted meanwhile.
        bench.Host.DestroyDomain(8);
        await EventuallyAsync(() => bench.Journal.Count == 1, "settled");
        await bench.RestartAsync();
        bench.Create(10, Uuid);
        await EventuallyAsync(() => bench.Granted.OwnerOf(Nic) == 10, "attached again");
        bench.Boot(10);
        await EventuallyAsync(() => bench.Shown(10) == "0000:03:00.0 0000:00:00.0 connected", "connected");

        // A detach ends it.
        await bench.Detach(10, "03:00.0");
        Assert.Empty(bench.Journal);
        bench.AssertNothingLeft(7, 8, 9, 10);
    }

    [Fact]
    public async Task A_kept_device_that_another_guest_was_given_does_not_come_back()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7, Uuid);
        await bench.Attach(7, "03:00.0", keep: true);
        bench.Host.DestroyDomain(7);
        await EventuallyAsync(() => bench.Journal.Count == 1, "settled");
        await bench.GuestWith(8, "03:00.0");
        bench.Create(9, Uuid);
        Assert.DoesNotContain(bench.Journal, entry => entry.Grant.Kind == Backend.Grants.GrantKind.Kept);
        Assert.Equal(8, bench.Granted.OwnerOf(Nic));
        using IDomainControl domains = bench.Host.BackendView.OpenDomainControl();
        await EventuallyAsync(() => !domains.Find(9)!.Value.IsPaused, "not left paused");
    }
}
