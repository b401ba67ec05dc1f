using System.Net.Sockets;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>The contract of the control API, over a real Unix socket.</summary>
public sealed class ControlServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Status_shows_daemon_shards_devices_and_configuration()
    {
        using ControlBench bench = new();

        StatusReport status = await bench.Client.StatusAsync(Cancel);

        Assert.Equal(
            ("1.2.3", "loopback", Environment.ProcessId, "fused"),
            (status.Daemon.Version, status.Daemon.Platform, status.Daemon.ProcessId, status.Daemon.Topology));
        Assert.Equal([(0, true), (1, true)], status.Shards.Select(shard => (shard.Shard, shard.Answers)));
        Assert.Contains(status.Assignable, device => device is { Address: "0000:00:04.0", VendorId: "8086", DeviceId: "10d3", Domain: null });
        Assert.Equal(["no trace"], status.Errors.Remarks);
        Assert.Equal(("0000:00:04.0", 3L), (status.Errors.Devices.Single().Device, status.Errors.Devices.Single().Correctable));
        Assert.Equal([new SettingReport("spin", "20", "default")], status.Configuration);
    }

    [Fact]
    public async Task Status_says_which_shard_is_stuck_and_does_not_wait_for_it()
    {
        using ManualResetEventSlim release = new();
        using ControlBench bench = new(shards: (shard, action) =>
        {
            if (shard == 1)
            {
                release.Wait(TimeSpan.FromMinutes(1));
            }

            action();
        });

        StatusReport first = await bench.Client.StatusAsync(Cancel);
        StatusReport second = await bench.Client.StatusAsync(Cancel);
        release.Set();

        Assert.Equal([true, false], first.Shards.Select(shard => shard.Answers));
        Assert.Equal([true, false], second.Shards.Select(shard => shard.Answers));
    }

    [Fact]
    public async Task A_device_is_taken_and_given_back_by_what_a_renumbering_does_not_change()
    {
        using ControlBench bench = new();
        DeviceCandidate nic = bench.Custody.Present().Single(candidate => candidate.Address == new PciAddress(0, 0, 4, 0));
        string path = new PathSelector(nic.Path).ToString();

        await bench.Client.GiveBackAsync(path, rebind: false, force: false, Cancel);
        Assert.DoesNotContain(await bench.Client.ListAssignableAsync(Cancel), device => device.Address == "0000:00:04.0");
        Assert.Equal("0000:00:04.0", (await bench.Client.TakeAsync(new(path, "lan"), Cancel)).Address);
        await bench.Client.GiveBackAsync("name=lan", rebind: false, force: false, Cancel);
        Assert.DoesNotContain(await bench.Client.ListAssignableAsync(Cancel), device => device.Address == "0000:00:04.0");
    }

    [Fact]
    public async Task A_device_that_could_be_several_is_refused_with_the_candidates()
    {
        using ControlBench bench = new();
        DeviceCandidate[] disks = [.. bench.Custody.Present().Where(static candidate => candidate.ClassCode >> 16 == 1)];
        Assert.True(disks.Length > 1);

        BackendException told = await Assert.ThrowsAsync<BackendException>(() => bench.Client.TakeAsync(new("class=01"), Cancel));

        Assert.Equal(BackendFailure.Malformed, told.Failure);
        Assert.All(disks, card => Assert.Contains(card.ToString(), told.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_device_is_taken_with_a_name_listed_and_given_back_by_that_name()
    {
        using ControlBench bench = new();

        await bench.Client.GiveBackAsync("0000:00:04.0", rebind: false, force: false, Cancel);
        Assert.DoesNotContain(await bench.Client.ListAssignableAsync(Cancel), device => device.Address == "0000:00:04.0");
        DeviceReport taken = await bench.Client.TakeAsync(new("00:04.0", "nic"), Cancel);
        Assert.Equal(("0000:00:04.0", "nic"), (taken.Address, taken.Name));
        Assert.Contains(await bench.Client.ListAssignableAsync(Cancel), device => device.Name == "nic");
        await bench.Client.GiveBackAsync("nic", rebind: true, force: false, Cancel);
        await bench.Client.GiveBackAsync("00:04.0", rebind: true, force: false, Cancel);

        Assert.DoesNotContain(await bench.Client.ListAssignableAsync(Cancel), device => device.Address == "0000:00:04.0");
    }

    [Fact]
    public async Task A_device_is_described_with_what_an_attach_would_say()
    {
        using ControlBench bench = new();
        bench.Toolstack.Refusals = [new("shared-line", RefusalWeight.Judgement, "its line is shared") { Evidence = "irq: 10", Remedy = "move it" }];

        DeviceReport report = await bench.Client.DescribeAsync("id=8086:10d3", Cancel);

        Assert.Equal(("0000:00:04.0", true, false, true), (report.Address, report.Held, report.Assignable, report.IsRefused));
        Assert.Equal(new RefusalReport("shared-line", "judgement", "its line is shared", "irq: 10", "move it"), Assert.Single(report.Refusals));
        BackendException unknown = await Assert.ThrowsAsync<BackendException>(() => bench.Client.DescribeAsync("00:1e.0", Cancel));
        Assert.Equal(BackendFailure.Failed, unknown.Failure);
    }

    [Fact]
    public async Task The_live_tree_is_answered_in_parts()
    {
        using ControlBench bench = new();

        Assert.Equal("1.2.3", (await bench.Client.InspectAsync("daemon/version", Cancel)).GetString());
        Assert.Equal("8086", (await bench.Client.InspectAsync("devices/0000:00:04.0/vendor_id", Cancel)).GetString());
        Assert.Equal(10, (await bench.Client.InspectAsync(string.Empty, Cancel)).EnumerateObject().Count());
        BackendException unknown = await Assert.ThrowsAsync<BackendException>(() => bench.Client.InspectAsync("guests/7", Cancel));
        Assert.Equal((BackendFailure.Failed, "there is no '7' in guests; there is nothing"), (unknown.Failure, unknown.Message));
    }

    [Fact]
    public async Task A_device_that_a_former_guest_may_still_reach_is_given_back_by_force_alone()
    {
        using ControlBench bench = new();
        bench.Custody.FormerGuests = new Former();

        BackendException refused = await Assert.ThrowsAsync<BackendException>(
            () => bench.Client.GiveBackAsync("0000:00:04.0", rebind: false, force: false, Cancel));
        Assert.Equal(BackendFailure.Refused, refused.Failure);
        Assert.Contains("former-guest", refused.Message, StringComparison.Ordinal);
        await bench.Client.GiveBackAsync("0000:00:04.0", rebind: false, force: true, Cancel);

        Assert.DoesNotContain(await bench.Client.ListAssignableAsync(Cancel), device => device.Address == "0000:00:04.0");
    }

    [Fact]
    public async Task A_device_is_attached_listed_and_detached()
    {
        using ControlBench bench = new();

        AttachDevice device = new("04:00.0@5,permissive=1", Wait: false, Keep: true, Force: true);
        IReadOnlyList<AssignmentReport> attached = await bench.Client.AttachAsync("7", device, Cancel);
        IReadOnlyList<AssignmentReport> listed = await bench.Client.ListDevicesAsync("7", Cancel);
        await bench.Client.DetachAsync("7", "04:00.0", force: true, Cancel);

        Assert.Equal(new AssignmentReport(7, "0000:04:00.0", "0000:00:01.0", "connected", Ours: true), Assert.Single(attached));
        Assert.Equal(attached, listed);
        AttachRequest asked = bench.Toolstack.Attached!;
        Assert.Equal(
            (7, false, true, true, true, (byte)5),
            (asked.DomainId, asked.Wait, asked.Keep, asked.Force, asked.Spec.Permissive, asked.Spec.VirtualSlot!.Value));
        Assert.Equal((7, "0000:04:00.0", true), bench.Toolstack.Detached);
    }

    [Fact]
    public async Task The_host_sleeps_and_wakes_unless_a_guest_has_a_device()
    {
        using ControlBench bench = new();
        await bench.Client.SuspendAsync(force: false, Cancel);
        await bench.Client.ResumeAsync(Cancel);
        Assert.True(bench.Custody.Functions.Claim(7, PciAddress.Parse("0000:00:04.0")).IsGranted);

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bench.Client.SuspendAsync(force: false, Cancel));

        Assert.Equal(BackendFailure.Refused, refused.Failure);
        Assert.Contains("0000:00:04.0 is in use by domain 7", refused.Message, StringComparison.Ordinal);
        await bench.Client.SuspendAsync(force: true, Cancel);
        await bench.Client.ResumeAsync(Cancel);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_ends_and_is_called_off()
    {
        using ControlBench bench = new(limit: TimeSpan.FromMilliseconds(200));
        bench.Toolstack.Gate = new();

        BackendException late = await Assert.ThrowsAsync<BackendException>(() => bench.Client.AttachAsync("7", new("04:00.0"), Cancel));

        Assert.Equal(BackendFailure.Failed, late.Failure);
        Assert.Contains("not done after", late.Message, StringComparison.Ordinal);
        Assert.True(bench.Toolstack.WasCancelled);
    }

    [Fact]
    public async Task A_client_that_gives_up_calls_its_attach_off()
    {
        using ControlBench bench = new();
        bench.Toolstack.Gate = new();
        using CancellationTokenSource impatient = new();

        Task<IReadOnlyList<AssignmentReport>> attach = bench.Client.AttachAsync("7", new("04:00.0"), impatient.Token);
        await Eventually(() => bench.Toolstack.Attached is not null);
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attach);
        await Eventually(() => bench.Toolstack.WasCancelled);
    }

    [Fact]
    public async Task A_request_under_way_finishes_when_the_daemon_stops_and_no_new_one_is_taken()
    {
        using ControlBench bench = new();
        bench.Toolstack.Gate = new();
        Task<IReadOnlyList<AssignmentReport>> attach = bench.Client.AttachAsync("7", new("04:00.0"), Cancel);
        await Eventually(() => bench.Toolstack.Attached is not null);

        Task stop = bench.StopAsync();
        ControlClient late = new(bench.Socket);
        await Eventually(() => Record.Exception(() => late.StatusAsync(Cancel).GetAwaiter().GetResult()) is DaemonUnreachableException);
        Assert.False(stop.IsCompleted);
        bench.Toolstack.Gate.SetResult();

        Assert.Equal("connected", Assert.Single(await attach).State);
        await stop;
    }

    [Fact]
    public async Task Without_a_daemon_the_client_says_where_it_looked_and_why_it_found_nobody()
    {
        using TemporaryFolder folder = new();
        ControlClient absent = new(ControlSocket.PathIn(folder["."]));

        DaemonUnreachableException failure = await Assert.ThrowsAsync<DaemonUnreachableException>(() => absent.StatusAsync(Cancel));

        Assert.Contains(Path.GetFullPath(folder["."]), failure.Message, StringComparison.Ordinal);
        Assert.Contains("no such socket", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_directory_whose_socket_would_have_too_long_a_name_is_refused() =>
        Assert.Equal(BackendFailure.Malformed, Assert.Throws<BackendException>(() => ControlSocket.PathIn("/" + new string('x', 200))).Failure);

    private static async Task Eventually(Func<bool> condition)
    {
        for (int attempt = 0; !condition(); attempt++)
        {
            Assert.True(attempt < 1000, "it did not come true");
            await Task.Delay(10, Cancel);
        }
    }

    private sealed class Former : IFormerGuests
    {
        public IReadOnlyList<int> LivingOf(PciAddress device) => [7];
    }
}
