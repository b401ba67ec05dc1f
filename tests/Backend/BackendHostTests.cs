using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Toolstack;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests;

/// <summary>The handshake and what a guest gets from it, on the loopback: toolstack, frontend and backend in one process.</summary>
public sealed class BackendHostTests
{
    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    [InlineData(PipelineTopology.Dataflow)]
    public void A_guest_connects_reads_and_closes(PipelineTopology topology)
    {
        using Bench bench = new(topology: topology);
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Assert.Equal("0000:00:00.00", bench.Read(7, "vdev-0"));
        Assert.Equal("3", bench.Read(7, "state-0"));
        Assert.Equal(("1", "0000:00"), (bench.Read(7, "root_num"), bench.Read(7, "root-0")));

        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        frontend.Write("state", "4");
        Assert.Equal((PciOpStatus.Success, Bench.IdOf(Bench.HostA)), frontend.Read(devfn: 0, offset: 0, size: 4));
        Assert.Equal(PciOpStatus.DeviceNotFound, frontend.Read(devfn: 8, offset: 0, size: 4).Status);
        Assert.Equal(PciOpStatus.InvalidOffset, frontend.Read(devfn: 0, offset: -4, size: 4).Status);
        Assert.Equal(1, bench.Platform.Count);
        Bench.Eventually(() => bench.Snapshot(7) is { IsAttached: true, Functions.Count: 1 }, "snapshot");
        Assert.Equal(3, bench.Snapshot(7)!.ReadCounters().Answered);
        Assert.Equal(3, bench.Backend.Engine.ReadCounters().Served);

        frontend.Write("state", "5");
        bench.AwaitState(7, 5);
        frontend.Write("state", "6");
        bench.AwaitState(7, 6);
        Assert.Equal(0, bench.Platform.Count);
    }

    [Fact]
    public void A_function_is_given_with_its_wake_up_event_switched_off()
    {
        using Bench bench = new();
        Assert.True(bench.Waking.TryRead(0x44, 2, out uint before));
        Assert.Equal(0x0108u, before);
        bench.Create(7, Bench.HostWaking);
        bench.AwaitState(7, 3);
        Assert.True(bench.Waking.TryRead(0x44, 2, out uint given));
        Assert.Equal(0x0008u, given);
    }

    /// <summary>X15: mini-os' shutdown and re-initialisation.</summary>
    [Fact]
    public void A_frontend_that_closed_connects_again_and_leaves_nothing_mapped()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA, Bench.HostB);
        using SmallFrontend frontend = new(bench, 7);
        for (int round = 0; round < 5; round++)
        {
            bench.AwaitState(7, 3);
            Assert.Equal(0, bench.Platform.Count);
            Assert.Equal("0000:00:01.00", bench.Read(7, "vdev-1"));
            frontend.Publish();
            bench.AwaitState(7, 4);
            frontend.Write("state", "4");
            Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 8, offset: 0, size: 4).Value);
            Assert.Equal(1, bench.Platform.Count);
            frontend.Write("state", "5");
            bench.AwaitState(7, 5);
            frontend.Write("state", "6");
            bench.AwaitState(7, 6);
            frontend.Write("state", "1");
        }

        bench.AwaitState(7, 3);
    }

    [Fact]
    public void A_new_page_without_a_close_replaces_the_old_one()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        bench.AwaitState(7, 3);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        frontend.Publish();
        Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        Assert.Equal(1, bench.Platform.Count);
    }

    /// <summary>X4: the toolstack adds boot-time devices one transaction at a time.</summary>
    [Fact]
    public void Devices_added_at_boot_time_are_all_there_when_the_guest_connects()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        bench.Commit(store => Bench.WriteDevice(store, 7, 1, Bench.HostB));
        Bench.Eventually(() => bench.Read(7, "state-1") == "3", "second device");
        bench.Commit(store => Bench.WriteDevice(store, 7, 2, Bench.HostC));
        Bench.Eventually(() => bench.Read(7, "state-2") == "3", "third device");
        Assert.Equal(3, bench.State(7));
        Assert.Equal("0000:00:02.01", bench.Read(7, "vdev-2"));

        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostC), frontend.Read(devfn: 0x11, offset: 0, size: 4).Value);
    }

    /// <summary>X16.</summary>
    [Fact]
    public void One_failing_device_closes_itself_and_not_its_siblings()
    {
        using Bench bench = new();
        bench.Create(7, new PciAddress(0, 0x55, 0, 0), Bench.HostB, new PciAddress(0, 6, 0, 0));
        bench.AwaitState(7, 3);
        Assert.Equal(("6", "3", "6"), (bench.Read(7, "state-0"), bench.Read(7, "state-1"), bench.Read(7, "state-2")));
        Assert.Contains("0000:55:00.0", bench.Read(7, "error-0"), StringComparison.Ordinal);
        Assert.Contains("bridge", bench.Read(7, "error-2"), StringComparison.Ordinal);
        Assert.Null(bench.Error(7));

        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
    }

    [Fact]
    public void A_function_belongs_to_one_guest_at_a_time()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
        Assert.Contains("in use by domain 7", bench.Read(8, "error-0"), StringComparison.Ordinal);

        // Its owner goes: the next one gets it.
        bench.Store.Remove("/local/domain/0/backend/pci/7");
        Bench.Eventually(() => bench.Snapshot(7) is null, "domain 7 gone");
        bench.Create(9, Bench.HostA);
        Bench.Eventually(() => bench.Read(9, "state-0") == "3", "domain 9 has the function");
    }

    /// <summary>X5 and X6: 7 and 8, and the toolstack's renumbering.</summary>
    [Fact]
    public void Functions_come_and_go_while_the_guest_runs()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        bench.AwaitState(7, 3);
        frontend.Publish();
        bench.AwaitState(7, 4);
        frontend.Write("state", "4");

        // Add one and remove the other in one step.
        bench.Commit(store =>
        {
            Bench.WriteDevice(store, 7, 1, Bench.HostB);
            store.Write($"{Bench.BackendPath(7)}/state-0", "5");
            store.Write($"{Bench.BackendPath(7)}/state", "7");
        });
        frontend.Write("state", "7");
        bench.AwaitState(7, 8);
        Assert.Equal("3", bench.Read(7, "state-1"));
        frontend.Write("state", "4");
        bench.AwaitState(7, 4);

        // The freed slot was used again.
        Assert.Equal("0000:00:00.00", bench.Read(7, "vdev-1"));
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 0, offset: 0, size: 4).Value);

        // The toolstack renumbers: 1 becomes 0. Then another is added as 1.
        bench.Commit(store =>
        {
            store.Write($"{Bench.BackendPath(7)}/dev-0", Bench.HostB.ToString());
            store.Write($"{Bench.BackendPath(7)}/vdev-0", "0000:00:00.00");
            store.Write($"{Bench.BackendPath(7)}/state-0", "3");
            store.Remove($"{Bench.BackendPath(7)}/vdev-1");
            Bench.WriteDevice(store, 7, 1, Bench.HostC);
            store.Write($"{Bench.BackendPath(7)}/state", "7");
        });
        frontend.Write("state", "7");
        bench.AwaitState(7, 8);
        frontend.Write("state", "4");
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        Assert.Equal(Bench.IdOf(Bench.HostC), frontend.Read(devfn: 0x09, offset: 0, size: 4).Value);
    }

    /// <summary>X7 and X8, and XSA-361: every key a guest owns.</summary>
    [Theory]
    [InlineData("magic", null)]
    [InlineData("magic", "6")]
    [InlineData("magic", "7 ")]
    [InlineData("magic", "07")]
    [InlineData("pci-op-ref", null)]
    [InlineData("pci-op-ref", "abc")]
    [InlineData("pci-op-ref", "0")]
    [InlineData("pci-op-ref", "4294967295")]
    [InlineData("pci-op-ref", "4294967296")]
    [InlineData("pci-op-ref", "-1")]
    [InlineData("event-channel", null)]
    [InlineData("event-channel", "0")]
    [InlineData("event-channel", "77")]
    [InlineData("event-channel", "4294967295")]
    [InlineData("event-channel", "99999999999999999999999999")]
    [InlineData("event-channel", "\u0001\u0002")]
    public void A_wrong_key_closes_this_guest_with_an_error_and_no_other(string key, string? value)
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.Create(8, Bench.HostB);
        using SmallFrontend good = new(bench, 8);
        bench.AwaitState(8, 3);
        good.Publish();
        bench.AwaitState(8, 4);

        using SmallFrontend bad = new(bench, 7);
        bench.AwaitState(7, 3);
        bad.Publish(state: null);
        bad.Write(key, value);
        bad.Write("state", "3");
        bench.AwaitState(7, 5);
        string error = bench.Error(7) ?? "";
        Assert.Contains(key, error, StringComparison.Ordinal);
        Assert.InRange(error.Length, 1, 256);
        Assert.Equal(1, bench.Platform.Count);
        Assert.Equal(Bench.IdOf(Bench.HostB), good.Read(devfn: 0, offset: 0, size: 4).Value);
    }

    /// <summary>X8 and XSA-326: the texts that a guest causes are bounded, however long its own are.</summary>
    [Theory]
    [InlineData("magic", '7')]
    [InlineData("pci-op-ref", '8')]
    [InlineData("event-channel", '1')]
    [InlineData("state", '3')]
    public void A_key_of_four_thousand_bytes_makes_short_texts_and_the_backend_goes_on(string key, char digit)
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.Create(8, Bench.HostB);
        using SmallFrontend good = new(bench, 8);
        bench.AwaitState(8, 3);
        good.Publish();
        bench.AwaitState(8, 4);
        using SmallFrontend bad = new(bench, 7);
        bench.AwaitState(7, 3);
        bad.Publish(state: null);

        // By domain 0: a guest's own nodes end at 2,048 bytes with xenstored's default quota, which an administrator can raise up to a message's size.
        bench.Store.Write($"{Bench.FrontendPath(7)}/{key}", new string(digit, 4000));
        if (key == "state")
        {
            Bench.Eventually(() => bench.Lines.Warnings.Any(line => line.Contains("state is not a state", StringComparison.Ordinal)), "warning");
            Assert.Equal((3, null), (bench.State(7), bench.Error(7)));
        }
        else
        {
            bad.Write("state", "3");
            bench.AwaitState(7, 5);
            string error = bench.Error(7) ?? "";
            Assert.Contains(key, error, StringComparison.Ordinal);
            Assert.InRange(error.Length, 1, 256);
        }

        Assert.All(bench.Lines.Texts, static line => Assert.InRange(line.Length, 1, 300));
        Assert.Equal(Bench.IdOf(Bench.HostB), good.Read(devfn: 0, offset: 0, size: 4).Value);

        // The guest thinks better of it.
        if (key != "state")
        {
            bad.Write("state", "6");
            bench.AwaitState(7, 6);
            bad.Write("state", "1");
            bench.AwaitState(7, 3);
        }

        bad.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostA), bad.Read(devfn: 0, offset: 0, size: 4).Value);
    }

    [Fact]
    public void A_read_only_grant_is_refused()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        using SmallFrontend frontend = new(bench, 7);
        frontend.Write("pci-op-ref", $"{frontend.ReadOnlyReference()}");
        frontend.Write("event-channel", "1");
        frontend.Write("magic", "7");
        frontend.Write("state", "3");
        bench.AwaitState(7, 5);
        Assert.StartsWith("1 pci-op-ref", bench.Error(7), StringComparison.Ordinal);
    }

    /// <summary>X2.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("257")]
    [InlineData("4294967296")]
    [InlineData("many")]
    public void An_unusable_num_devs_closes(string? value)
    {
        using Bench bench = new();
        bench.Host.CreateDomain(7);
        bench.Commit(store =>
        {
            store.MakeDirectory(Bench.FrontendPath(7));
            store.Write($"{Bench.FrontendPath(7)}/state", "1");
            store.Write($"{Bench.BackendPath(7)}/frontend", Bench.FrontendPath(7));
            store.Write($"{Bench.BackendPath(7)}/frontend-id", "7");
            store.Write($"{Bench.BackendPath(7)}/online", "1");
            if (value is not null)
                store.Write($"{Bench.BackendPath(7)}/num_devs", value);
            store.Write($"{Bench.BackendPath(7)}/state", "1");
        });
        bench.AwaitState(7, 5);
        Assert.StartsWith("22 num_devs", bench.Error(7), StringComparison.Ordinal);
    }

    /// <summary>X10.</summary>
    [Theory]
    [InlineData("/local/domain/8/device/pci/0")]
    [InlineData("device/pci/0")]
    [InlineData("")]
    [InlineData("/local/domain/7/../8/device/pci/0")]
    [InlineData("/local/domain/7/")]
    [InlineData("/local/domain/7//device")]
    [InlineData("/local/domain/70/device/pci/0")]
    public void A_frontend_path_outside_the_guest_is_refused(string path)
    {
        using Bench bench = new();
        bench.Host.CreateDomain(7);
        bench.Host.CreateDomain(8);
        bench.Commit(store =>
        {
            store.Write($"{Bench.FrontendPath(8)}/state", "1");
            store.Write($"{Bench.BackendPath(7)}/frontend", path);
            store.Write($"{Bench.BackendPath(7)}/frontend-id", "7");
            store.Write($"{Bench.BackendPath(7)}/num_devs", "0");
            store.Write($"{Bench.BackendPath(7)}/state", "1");
        });
        bench.AwaitState(7, 5);
        Assert.StartsWith("2 frontend", bench.Error(7), StringComparison.Ordinal);
    }

    /// <summary>X11: removal at each step; the vanish rule's sibling.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void A_removed_directory_is_never_created_again(int at)
    {
        TroubledStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor));

        // 2 is passed through at once unless what has to be done in it is refused.
        if (at == 2)
            store!.Before = RefuseSlots;
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        if (at == 2)
            bench.AwaitState(7, 2);
        if (at >= 3)
            bench.AwaitState(7, 3);
        if (at >= 4)
        {
            frontend.Publish();
            bench.AwaitState(7, 4);
        }

        if (at is 5 or 6)
        {
            frontend.Write("state", "5");
            bench.AwaitState(7, 5);
        }

        if (at == 6)
        {
            frontend.Write("state", "6");
            bench.AwaitState(7, 6);
        }

        if (at >= 7)
        {
            frontend.Write("state", "4");
            bench.Commit(toolstack =>
            {
                Bench.WriteDevice(toolstack, 7, 1, Bench.HostB);
                toolstack.Write($"{Bench.BackendPath(7)}/state", "7");
            });
        }

        if (at == 8)
        {
            frontend.Write("state", "7");
            bench.AwaitState(7, 8);
        }

        if (at != 1)
            Assert.Equal(at, bench.State(7));
        bench.Store.Remove("/local/domain/0/backend/pci/7");
        store!.Before = null;
        Bench.Eventually(() => bench.Snapshot(7) is null, "gone");
        Assert.Null(bench.Store.Directory(Bench.BackendPath(7)));
        Assert.Equal(0, bench.Platform.Count);

        static void RefuseSlots(string operation, string path)
        {
            if (operation == "write" && path == $"{Bench.BackendPath(7)}/vdev-0")
                throw new HypervisorException("EIO", $"{operation} {path} is refused");
        }
    }

    /// <summary>X13: removed and created anew while the old instance still serves.</summary>
    [Fact]
    public void A_successor_begins_where_its_predecessor_vanished()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        bench.AwaitState(7, 3);
        frontend.Publish();
        bench.AwaitState(7, 4);
        bench.Commit(store =>
        {
            store.Remove(Bench.BackendPath(7));
            store.Write($"{Bench.FrontendPath(7)}/state", "1");
        });
        bench.WriteDirectories(7, "1", Bench.HostA, Bench.HostB);
        bench.AwaitState(7, 3);
        Assert.Equal(0, bench.Platform.Count);
        Bench.Eventually(() => bench.Read(7, "state-1") == "3", "successor's second device");
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 8, offset: 0, size: 4).Value);
    }

    /// <summary>X14.</summary>
    [Fact]
    public void A_guest_taken_offline_goes_when_its_frontend_has_closed()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        bench.AwaitState(7, 3);
        frontend.Publish();
        bench.AwaitState(7, 4);
        bench.Commit(store =>
        {
            store.Write($"{Bench.BackendPath(7)}/online", "0");
            store.Write($"{Bench.BackendPath(7)}/state", "5");
        });
        Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        frontend.Write("state", "6");
        bench.AwaitState(7, 6);
        Bench.Eventually(() => bench.Snapshot(7) is null, "gone");
        Assert.Equal(0, bench.Platform.Count);
    }

    /// <summary>A mapped page keeps a dead domain as a zombie, so it must go although the toolstack has not removed a single key.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_domain_that_died_or_halted_is_unmapped_while_its_toolstack_still_has_its_directories(bool halted)
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(1, bench.Platform.Count);

        if (halted)
            bench.Host.ShutDown(7);
        else
            bench.Host.BeginDestroy(7);
        bench.AwaitState(7, halted ? 4 : 6);
        Bench.Eventually(() => bench.Platform.Count == 0, "unmapped");
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
        Assert.Equal("3", bench.Read(8, "state-0"));
    }

    [Fact]
    public void Directories_of_a_guest_that_its_device_model_serves_are_left_alone()
    {
        using Bench bench = new();
        bench.Host.CreateDomain(9).IsHardwareVirtualized = true;
        bench.Create(9, Bench.HostA);
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Assert.Equal("3", bench.Read(7, "state-0"));
        Assert.Equal((1, "1", null), (bench.State(9), bench.Read(9, "state-0"), bench.Read(9, "vdev-0")));
        Assert.True(bench.Backend.ReadPasses(new(9, 0)) < 20, "an idle directory is not read over and over");
    }

    [Fact]
    public async Task A_hardware_virtualised_guest_gets_nothing_from_here_whatever_its_frontend_does_and_pci_attach_says_why()
    {
        using TemporaryFolder folder = new();
        ListedCustody custody = new(Bench.HostC.ToString());
        using Bench bench = new(options: standard => standard with
        {
            Devices = new() { Custody = custody, BaseAddressesOf = static _ => [], JournalDirectory = folder["run"] },
        });
        bench.Host.CreateDomain(9).IsHardwareVirtualized = true;
        bench.Create(9, Bench.HostA);
        using SmallFrontend frontend = new(bench, 9);
        frontend.Publish();
        Bench.Eventually(() => bench.Backend.ReadPasses(new(9, 0)) > 0, "looked at");
        foreach (string state in new[] { "4", "5", "6", "1", "3", "7" })
            frontend.Write("state", state);

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bench.Backend.Toolstack!.AttachAsync(
            new(9, PciSpec.Parse(Bench.HostC.ToString()), Wait: false, Keep: false), TestContext.Current.CancellationToken));

        // A paravirtualised guest's whole handshake later.
        bench.Create(7, Bench.HostB);
        using SmallFrontend served = new(bench, 7);
        bench.AwaitState(7, 3);
        served.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(BackendFailure.Refused, refused.Failure);
        Assert.Contains("HVM or PVH guest", refused.Message, StringComparison.Ordinal);
        Assert.Equal((1, "1", null, null), (bench.State(9), bench.Read(9, "state-0"), bench.Read(9, "vdev-0"), bench.Error(9)));
        Assert.Equal("1", bench.Read(9, "num_devs"));
        Assert.False(bench.Snapshot(9) is { IsAttached: true });
        Assert.Equal((1, 0), (bench.Platform.Count, bench.Backend.OpenGrants));
        Assert.Empty(custody.Asked);
    }

    [Fact]
    public void A_domain_that_dies_gives_its_functions_back()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using (SmallFrontend frontend = new(bench, 7))
        {
            bench.AwaitState(7, 3);
            frontend.Publish();
            bench.AwaitState(7, 4);
        }

        bench.Host.DestroyDomain(7);
        Bench.Eventually(() => bench.Snapshot(7) is null && bench.Platform.Count == 0, "domain 7 gone");
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
        Assert.Equal("3", bench.Read(8, "state-0"));
    }

    /// <summary>X1: what an earlier daemon left before it connected is continued, with the slots it published.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    [InlineData("3")]
    public void Directories_found_at_start_are_continued(string state)
    {
        using Bench bench = new(start: false);
        bench.Host.CreateDomain(7);
        bench.WriteDirectories(7, state, Bench.HostA, Bench.HostB);
        if (state == "3")
            bench.Store.Write($"{Bench.BackendPath(7)}/vdev-1", "0000:00:05.00");
        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.Backend.Start();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(state == "3" ? 0x28u : 0x08u, offset: 0, size: 4).Value);
    }

    [Fact]
    public void A_connected_directory_of_another_daemon_is_left_alone_and_said()
    {
        using Bench bench = new(start: false);
        bench.Host.CreateDomain(7);
        bench.WriteDirectories(7, "4", Bench.HostA);
        bench.Backend.Start();
        Bench.Eventually(() => bench.Lines.Warnings.Any(line => line.Contains("state 4", StringComparison.Ordinal)), "warning");
        Assert.Equal(4, bench.State(7));
    }

    [Fact]
    public void A_stop_unmaps_but_leaves_the_directory()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        bench.AwaitState(7, 3);
        frontend.Publish();
        bench.AwaitState(7, 4);
        bench.Backend.Dispose();
        Assert.Equal(0, bench.Platform.Count);
        Assert.Equal(4, bench.State(7));
    }

    [Fact]
    public void Passthrough_slots_publish_the_hosts_addresses_and_every_bus_as_a_root()
    {
        using Bench bench = new(SlotMode.Passthrough);
        bench.Create(7, Bench.HostA, Bench.HostC);
        bench.AwaitState(7, 3);
        Assert.Equal("0000:05:00.01", bench.Read(7, "vdev-1"));
        Assert.Equal(("2", "0000:03", "0000:05"), (bench.Read(7, "root_num"), bench.Read(7, "root-0"), bench.Read(7, "root-1")));
        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostC), frontend.Read(devfn: 1, offset: 0, size: 4, bus: 5).Value);
    }

    /// <summary>X17.</summary>
    [Fact]
    public void An_unreadable_published_root_closes_and_existing_ones_are_kept()
    {
        using Bench bench = new(SlotMode.Passthrough, start: false);
        bench.Host.CreateDomain(7);
        bench.Host.CreateDomain(8);
        bench.WriteDirectories(7, "1", Bench.HostA);
        bench.Store.Write($"{Bench.BackendPath(7)}/root_num", "1");
        bench.Store.Write($"{Bench.BackendPath(7)}/root-0", "zzzz");
        bench.WriteDirectories(8, "1", Bench.HostB, Bench.HostC);
        bench.Store.Write($"{Bench.BackendPath(8)}/root_num", "1");
        bench.Store.Write($"{Bench.BackendPath(8)}/root-0", "0000:05");
        bench.Backend.Start();
        bench.AwaitState(7, 5);
        Assert.Contains("root-0", bench.Error(7), StringComparison.Ordinal);
        bench.AwaitState(8, 3);
        Assert.Equal(("2", "0000:05", "0000:04"), (bench.Read(8, "root_num"), bench.Read(8, "root-0"), bench.Read(8, "root-1")));
    }

    /// <summary>X12.</summary>
    [Fact]
    public void Conflicting_transactions_are_done_again_until_they_hold()
    {
        ConflictingStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor, conflicts: 200));
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Assert.True(store!.Left < 0);
        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
    }

    [Fact]
    public void Two_hundred_guests_are_spread_over_the_shards_and_all_served()
    {
        using Bench bench = new();
        for (int domain = 1; domain <= 200; domain++)
            bench.Create(domain, new PciAddress(0, 0x55, 0, 0));
        List<SmallFrontend> frontends = [];
        try
        {
            for (int domain = 1; domain <= 200; domain++)
            {
                SmallFrontend frontend = new(bench, domain);
                frontends.Add(frontend);
                frontend.Publish();
            }

            for (int domain = 1; domain <= 200; domain++)
            {
                bench.AwaitState(domain, 4);
                Assert.Equal(PciOpStatus.DeviceNotFound, frontends[domain - 1].Read(devfn: 0, offset: 0, size: 4).Status);
            }

            Bench.Eventually(() => bench.Backend.Guests.Count(guest => guest.Shard == 0) == 100, "half of them on shard 0");
            Assert.Equal(200, bench.Platform.Count);
        }
        finally
        {
            frontends.ForEach(frontend => frontend.Dispose());
        }
    }
}
