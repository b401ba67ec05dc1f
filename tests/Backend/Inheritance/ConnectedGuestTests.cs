using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Tests.Interrupts;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>The daemon is killed, or stops, under a connected guest, and another one starts: the guest sees one slow access and nothing else.</summary>
public sealed class ConnectedGuestTests
{
    private const int Domain = 5;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_goes_on_asking_and_is_answered(bool isKilled)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        (PciOpStatus, uint) before = frontend.Read(0, 0, 4);
        Restart(bench, isKilled);
        bench.AwaitServed(Domain);
        Assert.Equal(before, frontend.Read(0, 0, 4));
        Assert.Equal(PciOpStatus.Success, before.Item1);
        Assert.Equal((4, "0000:00:00.00"), (bench.State(Domain), bench.Key(Domain, "vdev-0")));
        Assert.Empty(bench.Lines.Warnings);
    }

    [Fact]
    public void Where_it_sees_its_devices_it_sees_them_whatever_the_next_daemon_would_have_chosen()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        foreach (SlotMode slots in new[] { SlotMode.Passthrough, SlotMode.Vpci })
        {
            bench.Slots = slots;
            bench.KillAndStartNext();
            bench.AwaitServed(Domain);
            Assert.Equal((PciOpStatus.Success, 0x10FB_8086u), frontend.Read(0, 0, 4));
            Assert.Equal("0000:00:00.00", bench.Key(Domain, "vdev-0"));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_it_asked_while_nobody_was_there_is_answered_by_the_next(bool isKilled)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        if (isKilled)
        {
            bench.Kill();
        }
        else
        {
            bench.Backend.Dispose();
        }

        frontend.Post(new() { Command = PciOpCode.ConfigRead, Offset = 0, Size = 4 });
        Thread.Sleep(50);
        bench.StartNext();
        Assert.Equal((PciOpStatus.Success, 0x10FB_8086u), (frontend.AwaitAnswer() is var answer ? answer.Error : default, answer.Value));
    }

    [Fact]
    public void A_guest_that_was_answered_and_not_signalled_is_signalled()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        while (frontend.IsSignalled(20))
        {
        }

        bench.Kill();
        Assert.False(frontend.IsSignalled(20));
        bench.StartNext();
        bench.AwaitServed(Domain);
        Assert.True(frontend.IsSignalled(10_000));

        // Once: a backend must not storm its frontend.
        Assert.False(frontend.IsSignalled(50));
    }

    [Fact]
    public void What_it_wrote_into_virtual_registers_is_there()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        RestartBench.Mark(frontend);
        Assert.Equal(PciOpStatus.Success, frontend.Write(0, ConfigRegisters.Command, 2, CommandBits.Memory | CommandBits.BusMaster));
        uint command = frontend.Read(0, ConfigRegisters.Command, 2).Value;

        bench.KillAndStartNext();
        bench.AwaitServed(Domain);
        Assert.True(RestartBench.IsMarked(frontend));
        Assert.Equal(command, frontend.Read(0, ConfigRegisters.Command, 2).Value);

        // And the sizing ends as it would have.
        frontend.Write(0, ConfigRegisters.BaseAddress0, 4, 0xFB00_0000);
        Assert.False(RestartBench.IsMarked(frontend));
    }

    [Fact]
    public void Hardware_is_not_written_by_a_daemon_that_only_goes_on()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Assert.Equal(PciOpStatus.Success, frontend.Write(0, ConfigRegisters.Command, 2, CommandBits.Memory | CommandBits.BusMaster));
        EnableMsix(frontend);
        byte[] before = bench.NicHardware.Snapshot();
        bench.KillAndStartNext();
        bench.AwaitServed(Domain);
        Assert.Equal(before, bench.NicHardware.Snapshot());
    }

    [Fact]
    public void A_denied_write_that_was_said_is_not_said_again()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        frontend.Write(0, ConfigRegisters.VendorId, 2, 0x1234);
        Bench.Eventually(() => bench.Lines.Texts.Any(IsDenied), "said");
        bench.KillAndStartNext();
        bench.AwaitServed(Domain);
        frontend.Write(0, ConfigRegisters.VendorId, 2, 0x1234);

        // Another register is said: so by then the first would have been.
        frontend.Write(0, 0x2C, 4, 0x1234);
        Bench.Eventually(() => bench.Lines.Texts.Any(IsDenied), "the other is said");
        Assert.DoesNotContain(bench.Lines.Texts, static line => line.Contains("0x1234 to Vendor", StringComparison.OrdinalIgnoreCase));

        static bool IsDenied(string line) => line.Contains("denied", StringComparison.Ordinal);
    }

    [Fact]
    public void Its_messages_stay_and_can_be_disabled_and_enabled_anew()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        EnableMsix(frontend);
        LoopbackPirq[] before = [.. bench.Pirqs(Domain)];
        bench.KillAndStartNext();
        bench.AwaitServed(Domain);
        Assert.Equal(before, bench.Pirqs(Domain));
        Assert.Equal(2, bench.Snapshot(Domain)!.Functions[0].Interrupts.Vectors);

        // As if nothing had happened: enabled already is an error, disabling takes them.
        Assert.Equal(PciOpStatus.OperationFailed, frontend.Ask(new() { Command = PciOpCode.EnableMsix, Value = 2 }, OwnedFunction.Entries(0, 1)).Error);
        Assert.Equal(PciOpStatus.Success, frontend.Ask(new() { Command = PciOpCode.DisableMsix }, []).Error);
        Assert.Empty(bench.Pirqs(Domain));
        EnableMsix(frontend);
        Assert.Equal(2, bench.Pirqs(Domain).Count);
    }

    [Fact]
    public void Msi_stays_too()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Assert.Equal(PciOpStatus.Success, frontend.Ask(new() { Command = PciOpCode.EnableMsi }, []).Error);
        bench.KillAndStartNext();
        bench.AwaitServed(Domain);
        Assert.Single(bench.Pirqs(Domain));
        Assert.Equal(PciOpStatus.Success, frontend.Ask(new() { Command = PciOpCode.DisableMsi }, []).Error);
        Assert.Empty(bench.Pirqs(Domain));
    }

    [Fact]
    public void It_closes_under_the_next_daemon_and_leaves_nothing()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic, RestartBench.Sound);
        EnableMsix(frontend);
        bench.KillAndStartNext();
        bench.AwaitServed(Domain);
        bench.Store.Write($"{Bench.BackendPath(Domain)}/online", "0");
        frontend.Write("state", "5");
        bench.AwaitState(Domain, 5);
        frontend.Write("state", "6");
        bench.AwaitState(Domain, 6);
        Bench.Eventually(() => bench.Pirqs(Domain).Count == 0 && Directory.GetFiles(bench.Left).Length == 0, "nothing left");
    }

    [Fact]
    public void A_frontend_that_closed_may_connect_again_under_the_next_daemon()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        frontend.Write("state", "5");
        bench.AwaitState(Domain, 5);
        frontend.Write("state", "6");
        bench.AwaitState(Domain, 6);
        bench.KillAndStartNext();
        Bench.Eventually(() => bench.Snapshot(Domain) is not null, "known");
        frontend.Write("state", "1");
        bench.AwaitState(Domain, 3);
        frontend.Publish();
        bench.AwaitState(Domain, 4);
        Assert.Equal(PciOpStatus.Success, frontend.Read(0, 0, 4).Status);
    }

    [Fact]
    public void A_new_kernel_that_came_while_nobody_was_there_is_connected_without_its_predecessors_messages()
    {
        using RestartBench bench = new();
        using SmallFrontend old = bench.Connect(Domain, RestartBench.Nic);
        EnableMsix(old);
        bench.Kill();
        using SmallFrontend frontend = new(bench.Host, Domain);
        frontend.Publish();
        bench.StartNext();
        bench.AwaitServed(Domain);
        bench.AwaitState(Domain, 4);
        Assert.Empty(bench.Pirqs(Domain));
        Assert.Equal(PciOpStatus.Success, frontend.Read(0, 0, 4).Status);
        EnableMsix(frontend);
    }

    [Fact]
    public void A_guest_that_died_meanwhile_loses_its_devices()
    {
        using RestartBench bench = new();
        using (bench.Connect(Domain, RestartBench.Nic))
        {
            bench.Kill();
        }

        bench.Host.DestroyDomain(Domain);
        bench.StartNext();
        Bench.Eventually(() => Directory.GetFiles(bench.Left).Length == 0, "nothing left");
        bench.Store.Remove(Path.GetDirectoryName(Bench.BackendPath(Domain))!);
        using SmallFrontend other = bench.Connect(Domain + 1, RestartBench.Nic);
        Assert.Equal(PciOpStatus.Success, other.Read(0, 0, 4).Status);
    }

    /// <summary>The directory of a dead guest lies there, and another domain has its id.</summary>
    [Fact]
    public void Another_domain_with_the_same_id_inherits_nothing()
    {
        using RestartBench bench = new();
        using (SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic))
        {
            RestartBench.Mark(frontend);
            bench.Kill();
        }

        bench.Host.DestroyDomain(Domain);
        bench.Host.CreateDomain(Domain, Guid.NewGuid());
        bench.StartNext();
        Bench.Eventually(() => Directory.GetFiles(bench.Left).Length == 0, "forgotten");
        Assert.Null(bench.Snapshot(Domain)?.Shard);
    }

    /// <summary>Whose page and port those are nobody here knows: a kernel's backend may be serving them.</summary>
    [Fact]
    public void A_guest_that_another_backend_connected_is_left_alone_and_that_is_said()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Kill();
        Directory.Delete(bench.Left, recursive: true);
        bench.StartNext();
        Bench.Eventually(() => bench.Lines.Warnings.Any(static line => line.Contains("another backend left", StringComparison.Ordinal)), "said");
        Assert.Equal(4, bench.State(Domain));
        Bench.Eventually(() => bench.Snapshot(Domain) is null, "it is nobody's guest here");
    }

    [Fact]
    public void A_device_that_cannot_be_had_any_more_fails_alone()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic, RestartBench.Sound);
        bench.Kill();
        bench.Forget(RestartBench.Sound);
        bench.StartNext();
        bench.AwaitServed(Domain);
        Bench.Eventually(() => bench.Key(Domain, "state-1") == "6", "failed");
        Assert.Equal(("3", 4), (bench.Key(Domain, "state-0"), bench.State(Domain)));
        Assert.Equal(PciOpStatus.Success, frontend.Read(0, 0, 4).Status);
        Assert.Equal(PciOpStatus.DeviceNotFound, frontend.Read(8, 0, 4).Status);
    }

    [Fact]
    public void A_guest_whose_keys_are_rubbish_is_closed_at_once()
    {
        long fastest = long.MaxValue;

        // Each try was waited for before the next; what else the machine does is in the time as well.
        for (int attempt = 0; attempt < 3; attempt++)
        {
            using RestartBench bench = new();
            using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
            bench.Kill();
            frontend.Write("pci-op-ref", "rubbish");
            long begin = Environment.TickCount64;
            bench.StartNext();
            bench.AwaitState(Domain, 5);
            fastest = Math.Min(fastest, Environment.TickCount64 - begin);
        }

        Assert.InRange(fastest, 0, 800);
    }

    [Fact]
    public async Task Guests_whose_channel_cannot_be_bound_keep_nobody_else_waiting()
    {
        using RestartBench bench = new();
        List<SmallFrontend> bad = [];
        for (int domain = 1; domain <= 4; domain++)
        {
            // Of devices that nobody holds: those fail, and the guest connects all the same.
            bench.Host.CreateDomain(domain);
            bench.WriteDirectories(domain, new PciAddress(0, 0x1F, 0, 0));
            bench.AwaitState(domain, 3);
            SmallFrontend frontend = new(bench.Host, domain);
            bad.Add(frontend);
            frontend.Publish();
            bench.AwaitState(domain, 4);
            frontend.Write("state", "4");
        }

        using SmallFrontend good = bench.Connect(9, RestartBench.Nic);
        bench.Kill();
        bad.ForEach(static frontend => frontend.Write("event-channel", "77"));
        good.Post(new() { Command = PciOpCode.ConfigRead, Size = 4 });
        var next = Task.Run(bench.StartNext);

        Assert.Equal(PciOpStatus.Success, good.AwaitAnswer().Error);
        Assert.All(Enumerable.Range(1, 4), domain => Assert.Equal(4, bench.State(domain)));
        await next;
        bad.ForEach(static frontend => frontend.Dispose());
    }

    /// <summary>Killed behind the last word of an answer, and before the request is over: what the answer says was said.</summary>
    [Fact]
    public void An_answer_that_was_written_wholly_is_handed_over_as_it_is()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        MsixEntry[] entries = OwnedFunction.Entries(0, 1);
        Assert.Equal(PciOpStatus.Success, frontend.Ask(new() { Command = PciOpCode.EnableMsix, Value = 2 }, entries).Error);
        LoopbackPirq[] before = [.. bench.Pirqs(Domain)];
        bench.Kill();
        frontend.Post(new() { Command = PciOpCode.EnableMsix, Value = 0 }, entries);
        bench.StartNext();

        var answered = new MsixEntry[2];
        PciOpRequest answer = frontend.AwaitAnswer(answered);
        Assert.Equal((PciOpStatus.Success, 0u), (answer.Error, answer.Value));
        Assert.Equal(entries, answered);
        bench.AwaitServed(Domain);
        Assert.Equal(before, bench.Pirqs(Domain));
        Assert.Equal(2, bench.Snapshot(Domain)!.Functions[0].Interrupts.Vectors);
    }

    [Fact]
    public void Restarts_may_follow_each_other_as_often_as_they_like()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        EnableMsix(frontend);
        RestartBench.Mark(frontend);
        for (int i = 0; i < 5; i++)
        {
            Restart(bench, isKilled: i % 2 == 0);
            Assert.True(RestartBench.IsMarked(frontend));
        }

        Assert.Equal(2, bench.Pirqs(Domain).Count);
    }

    internal static void EnableMsix(SmallFrontend frontend)
    {
        PciOpRequest answer = frontend.Ask(new() { Command = PciOpCode.EnableMsix, Value = 2 }, OwnedFunction.Entries(0, 1));
        Assert.Equal((PciOpStatus.Success, 0u), (answer.Error, answer.Value));
    }

    private static void Restart(RestartBench bench, bool isKilled)
    {
        if (isKilled)
        {
            bench.KillAndStartNext();
        }
        else
        {
            bench.StopAndStartNext();
        }
    }
}
