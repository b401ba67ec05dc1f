using PciBackFlow.Backend.Tests.Errors;
using PciBackFlow.Backend.Tests.Interrupts;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>A daemon starts while a reset has wiped a device's registers, its enable bits with them: the messages are its guest's still.</summary>
public sealed class MessagesOfAWipedDeviceTests
{
    private const int Domain = 5;
    private const uint Idle = OwnedFunction.TableSize - 1;
    private const uint Sending = Idle | MsiXRegisters.Enable;
    private const uint FourMsi = 0x00A7;

    [Theory]
    [InlineData(PciOpCode.EnableMsix, 2)]
    [InlineData(PciOpCode.EnableMsi, 1)]
    [InlineData(PciOpCode.EnableMultiMsi, 4)]
    public void They_stay_mapped_and_a_device_that_decodes_no_memory_is_not_touched(PciOpCode command, int vectors)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Enable(frontend, command);
        LoopbackPirq[] before = [.. bench.Pirqs(Domain)];
        bench.Kill();
        Wipe(bench.NicHardware);
        byte[] wiped = bench.NicHardware.Snapshot();

        bench.StartNext();
        bench.AwaitServed(Domain);

        Assert.Equal(before, bench.Pirqs(Domain));
        Assert.Equal(vectors, bench.Snapshot(Domain)!.Functions[0].Interrupts.Vectors);
        Assert.Equal(wiped, bench.NicHardware.Snapshot());
        Assert.Empty(bench.Lines.Warnings);
    }

    [Theory]
    [InlineData(PciOpCode.EnableMsix, OwnedFunction.MsixControl, Sending)]
    [InlineData(PciOpCode.EnableMultiMsi, OwnedFunction.MsiControl, FourMsi)]
    public void They_are_sent_again_when_the_recovery_has_written_its_registers_back(PciOpCode command, int control, uint sending)
    {
        using RestartBench bench = new(
            errorTiming: new() { Settle = TimeSpan.FromMilliseconds(50) }, around: static function => new WritableBack(function));
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Enable(frontend, command);
        LoopbackPirq[] before = [.. bench.Pirqs(Domain)];
        bool isHeld = true;
        using DriverInGuest driver = new(
            frontend, request => Volatile.Read(ref isHeld) ? null : RecoveryOnLoopbackTests.AnswerOf(request, [3, 0, 5]));
        bench.Errors.Raise(new(RestartBench.Nic, ErrorSeverity.Fatal));
        Bench.Eventually(() => !driver.Asked.IsEmpty, "asked");
        bench.Kill();
        Wipe(bench.NicHardware);

        bench.StartNext();
        bench.AwaitServed(Domain);
        Volatile.Write(ref isHeld, false);
        Bench.Eventually(() => bench.Backend.Errors.Any(static report => report.Recovered == 1), "recovered");

        Assert.Equal(sending, ControlOf(bench, control));
        Assert.Equal(before, bench.Pirqs(Domain));
    }

    [Theory]
    [InlineData(PciOpCode.EnableMsix, OwnedFunction.MsixControl, Sending)]
    [InlineData(PciOpCode.EnableMultiMsi, OwnedFunction.MsiControl, FourMsi)]
    public void After_a_reset_in_the_middle_of_which_the_daemon_was_killed_they_are_sent_again_at_once(PciOpCode command, int control, uint sending)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Enable(frontend, command);
        LoopbackPirq[] before = [.. bench.Pirqs(Domain)];
        bench.Kill();
        Assert.True(bench.NicHardware.TryReset());
        Assert.NotEqual(sending, ControlOf(bench, control));
        int restored = 0;
        bench.Host.Passthrough.Observer = request => restored += request.Call == LoopbackCall.RestoreMessages ? 1 : 0;

        bench.StartNext();
        bench.AwaitServed(Domain);

        Assert.Equal((sending, 1), (ControlOf(bench, control), restored));
        Assert.Equal(before, bench.Pirqs(Domain));
        Assert.Empty(bench.Lines.Warnings);
    }

    [Fact]
    public void Those_that_their_guest_is_just_giving_back_are_taken_back()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Enable(frontend, PciOpCode.EnableMsix);
        bench.Kill();
        Assert.True(bench.NicHardware.TryReset());
        frontend.Post(new() { Command = PciOpCode.DisableMsix });

        bench.StartNext();

        Assert.Equal(PciOpStatus.Success, frontend.AwaitAnswer().Error);
        Assert.Empty(bench.Pirqs(Domain));
        Assert.Equal(Idle, ControlOf(bench, OwnedFunction.MsixControl));
    }

    [Fact]
    public void A_guest_that_switches_the_bit_itself_finds_it_as_it_left_it()
    {
        using RestartBench bench = new(policies: new() { General = new() { AllowInterruptControl = new(true, SettingOrigin.BuiltIn) } });
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Enable(frontend, PciOpCode.EnableMsix);
        Assert.Equal(PciOpStatus.Success, frontend.Write(0, OwnedFunction.MsixControl, 2, Idle));
        Assert.Equal(Idle, ControlOf(bench, OwnedFunction.MsixControl));

        bench.KillAndStartNext();
        bench.AwaitServed(Domain);

        Assert.Equal(Idle, ControlOf(bench, OwnedFunction.MsixControl));
        Assert.Equal(2, bench.Pirqs(Domain).Count);
    }

    private static void Enable(SmallFrontend frontend, PciOpCode command) => Assert.Equal(
        PciOpStatus.Success, frontend.Ask(new() { Command = command, Value = 2, Info = 4 }, OwnedFunction.Entries(0, 1)).Error);

    private static uint ControlOf(RestartBench bench, int offset) => BitConverter.ToUInt16(bench.NicHardware.Snapshot(), offset);

    // As the kernel's reset of the link leaves it.
    private static void Wipe(EmulatedFunction function)
    {
        function.SetHardware(ConfigRegisters.Command, 2, 0);
        function.SetHardware(OwnedFunction.MsixControl, 2, Idle);
        function.SetHardware(OwnedFunction.MsiControl, 2, 0x0086);
        for (int offset = ConfigRegisters.BaseAddress0; offset < ConfigRegisters.BaseAddress0 + 24; offset += 4)
        {
            function.SetHardware(offset, 4, 0);
        }
    }

    /// <summary>One whose registers can be written back without a reset, as those of a device that was taken from its host.</summary>
    private sealed class WritableBack(EmulatedFunction inner) : DelegatingFunction(inner)
    {
        public override bool TryPutBack()
        {
            inner.SetHardware(ConfigRegisters.Command, 2, CommandBits.Memory | CommandBits.BusMaster);
            return true;
        }
    }
}
