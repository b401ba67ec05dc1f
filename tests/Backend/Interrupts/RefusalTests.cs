using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>
/// What is refused, with which number, and in which order (Linux xen_pcibk_enable_msi, xen_pcibk_enable_msix;
/// XSA-157, XSA-164, XSA-237, CVE-2015-8553).
/// </summary>
public sealed class RefusalTests
{
    [Fact]
    public void MSI_twice_is_refused_and_the_first_grant_stays()
    {
        using OwnedFunction owned = new();
        owned.EnableMsi();
        IReadOnlyList<LoopbackPirq> had = owned.Pirqs;

        InterruptReply again = owned.EnableMsi();
        InterruptReply several = owned.Operations.EnableMultiMsi(owned.Function, 4);

        Assert.Equal((PciOpStatus.OperationFailed, 0u, 0u), (again.Status, again.Value, again.Info));
        Assert.Equal((PciOpStatus.OperationFailed, 0u, 0u), (several.Status, several.Value, several.Info));
        Assert.Equal(had, owned.Pirqs);
        Assert.Equal((InterruptMode.Msi, 1L, 2L), (owned.State.Mode, owned.State.Enables, owned.State.Failures));
    }

    [Fact]
    public void MSI_X_twice_is_EALREADY_and_the_first_grant_stays()
    {
        using OwnedFunction owned = new();
        owned.EnableMsix(0, 1);
        IReadOnlyList<LoopbackPirq> had = owned.Pirqs;

        Assert.Equal(unchecked((uint)-114), owned.EnableMsix(2).Value);
        Assert.Equal(had, owned.Pirqs);
    }

    [Fact]
    public void Of_the_two_kinds_of_messages_one_at_a_time_is_enabled()
    {
        using OwnedFunction msi = new();
        msi.EnableMsi();
        Assert.Equal(unchecked((uint)-6), msi.EnableMsix(0).Value);
        using OwnedFunction msix = new();
        msix.EnableMsix(0);
        Assert.Equal(PciOpStatus.OperationFailed, msix.EnableMsi().Status);
        Assert.Equal((InterruptMode.Msi, InterruptMode.MsiX), (msi.State.Mode, msix.State.Mode));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Either_disable_operation_ends_whichever_messages_are_on_and_they_come_back(bool byMsix)
    {
        using OwnedFunction owned = new();
        for (int round = 0; round < 5; round++)
        {
            Assert.Equal(PciOpStatus.Success, owned.EnableMsix(0, 1, 2).Status);
            Disable();
            Assert.Equal(PciOpStatus.Success, owned.EnableMsi().Status);
            Disable();
        }

        Assert.Equal((10L, 0L), (owned.State.Enables, owned.State.Failures));

        void Disable()
        {
            InterruptReply reply = byMsix ? owned.Operations.DisableMsix(owned.Function) : owned.Operations.DisableMsi(owned.Function);
            Assert.Equal((PciOpStatus.Success, 0x0Bu), (reply.Status, reply.Value));
            owned.AssertNothingLeft();
        }
    }

    [Fact]
    public void Disabling_what_is_not_enabled_touches_nothing()
    {
        using OwnedFunction owned = new();
        long accesses = owned.Hardware.Reads + owned.Hardware.Writes;

        Assert.Equal((PciOpStatus.Success, 0x0Bu), (owned.Operations.DisableMsi(owned.Function).Status, owned.Operations.DisableMsix(owned.Function).Value));

        Assert.Equal(accesses, owned.Hardware.Reads + owned.Hardware.Writes);
    }

    public static TheoryData<int[], int> BadEntries => new()
    {
        { [], -22 },
        { [OwnedFunction.TableSize], -22 },
        { [0, OwnedFunction.TableSize], -22 },
        { [0xFFFF], -22 },
        { [3, 4, 3], -22 },
        { [.. Enumerable.Range(0, 129)], -22 },
    };

    [Theory]
    [MemberData(nameof(BadEntries))]
    public void Entries_outside_the_table_or_asked_for_twice_reach_neither_hardware_nor_hypervisor(int[] entries, int value)
    {
        using OwnedFunction owned = new();
        int calls = 0;
        owned.Xen.Observer = _ => calls++;

        Assert.Equal(unchecked((uint)value), owned.EnableMsix(entries).Value);

        Assert.Equal((0L, 0), (owned.Hardware.Writes, calls));
    }

    [Fact]
    public void The_whole_table_can_be_enabled_but_not_one_more()
    {
        using OwnedFunction owned = new();
        Assert.Equal(PciOpStatus.Success, owned.EnableMsix([.. Enumerable.Range(0, OwnedFunction.TableSize)]).Status);
        Assert.Equal(OwnedFunction.TableSize, owned.State.Vectors);
    }

    [Fact]
    public void As_many_vectors_as_a_request_can_hold_are_given()
    {
        using OwnedFunction owned = new(builder => builder.Set(OwnedFunction.MsixControl, 2, 0x07FF));
        owned.Xen.Describe(OwnedFunction.Address, new());
        Assert.Equal(PciOpStatus.Success, owned.EnableMsix([.. Enumerable.Range(1920, 128)]).Status);
        Assert.Equal(128, owned.Pirqs.Count);
    }

    [Fact]
    public void With_memory_decoding_off_MSI_X_is_ENXIO_and_nobody_touches_the_table()
    {
        using OwnedFunction owned = new();
        owned.Hardware.SetHardware(ConfigRegisters.Command, 2, CommandBits.BusMaster);
        int calls = 0;
        owned.Xen.Observer = _ => calls++;

        // Before the entries are looked at, as Linux has it.
        Assert.Equal(unchecked((uint)-6), owned.EnableMsix(0).Value);
        Assert.Equal(unchecked((uint)-6), owned.EnableMsix(3, 3).Value);

        Assert.Equal((0L, 0), (owned.Hardware.Writes, calls));
        Assert.Equal(PciOpStatus.Success, owned.EnableMsi().Status);
    }

    [Theory]
    [InlineData(CommandBits.Memory, true)]
    [InlineData(0u, false)]
    public void A_virtual_functions_memory_is_decoded_when_its_physical_function_says_so(uint command, bool enabled)
    {
        using EmulatedFunction physical = OwnedFunction.Builder().Build(new PciAddress(0, 2, 0, 0));
        using OwnedFunction owned = new(Virtual(physical));
        physical.SetHardware(ConfigRegisters.Command, 2, command);

        InterruptReply reply = owned.EnableMsix(0, 1);

        Assert.Equal(enabled ? 0u : unchecked((uint)-6), reply.Value);
        Assert.Equal(enabled ? 2 : 0, owned.Pirqs.Count);

        // It has no line, whatever the register holds.
        Assert.Equal(0u, owned.Operations.DisableMsix(owned.Function).Value);
        Assert.Equal(InterruptMode.None, owned.State.Mode);
    }

    [Fact]
    public void A_function_that_sleeps_enables_nothing()
    {
        using OwnedFunction owned = new();
        owned.Hardware.SetHardware(OwnedFunction.Power, 2, 3);
        Assert.Equal((PciOpStatus.OperationFailed, 0u), (owned.EnableMsi().Status, owned.EnableMsi().Value));
        Assert.Equal(unchecked((uint)-22), owned.EnableMsix(0).Value);
        Assert.Empty(owned.Pirqs);
    }

    [Fact]
    public void A_function_without_the_capability_enables_nothing()
    {
        using EmulatedFunction bare = new EmulatedFunctionBuilder(0x8086, 1).Set(ConfigRegisters.Command, 2, CommandBits.Memory).Build(OwnedFunction.Address);
        using OwnedFunction owned = new(bare);
        Assert.Equal((PciOpStatus.OperationFailed, 0u), (owned.EnableMsi().Status, owned.EnableMsi().Value));
        Assert.Equal(
            (PciOpStatus.OperationFailed, 0u),
            (owned.Operations.EnableMultiMsi(owned.Function, 2).Status, owned.Operations.EnableMultiMsi(owned.Function, 2).Info));
        Assert.Equal(unchecked((uint)-22), owned.EnableMsix(0).Value);
    }

    // A device may say what it likes: no region there, an I/O region, an index that is none, a table behind the region's end.
    [Theory]
    [InlineData(0x1u)]
    [InlineData(0x4u)]
    [InlineData(0x6u)]
    [InlineData(0x7u)]
    [InlineData(0x80002u)]
    [InlineData(0xFFFFFFFAu)]
    public void A_table_that_lies_in_no_memory_of_the_host_is_not_looked_for(uint table)
    {
        using OwnedFunction owned = new(builder => builder.Set(0xA4, 4, table).BaseAddress(4, 0xE000, 32, 1));
        int calls = 0;
        owned.Xen.Observer = _ => calls++;

        Assert.Equal(unchecked((uint)-22), owned.EnableMsix(0).Value);

        Assert.Equal((0L, 0), (owned.Hardware.Writes, calls));
    }

    [Theory]
    [InlineData(FaultKind.Fails)]
    [InlineData(FaultKind.AllOnes)]
    [InlineData(FaultKind.Vanished)]
    public void A_function_that_does_not_answer_enables_nothing_and_is_disabled_all_the_same(FaultKind fault)
    {
        using OwnedFunction owned = new();
        owned.Hardware.Faults.Inject(fault);
        Assert.Equal(PciOpStatus.OperationFailed, owned.EnableMsi().Status);
        Assert.Equal(PciOpStatus.OperationFailed, owned.EnableMsix(0).Status);
        owned.Hardware.Faults.Release();
        owned.EnableMsix(0);
        owned.Hardware.Faults.Inject(fault);

        Assert.Equal(PciOpStatus.Success, owned.Operations.DisableMsix(owned.Function).Status);

        Assert.Empty(owned.Pirqs);
    }

    [Fact]
    public void A_function_that_is_not_assigned_gets_ENODEV()
    {
        using OwnedFunction owned = new(assign: false);
        Assert.Equal(unchecked((uint)-19), owned.EnableMsix(0).Value);
        Assert.Contains(owned.Lines.Warnings, line => line.Contains("has not assigned the function", StringComparison.Ordinal));
        owned.AssertNothingLeft();
    }

    [Fact]
    public void A_table_that_was_not_prepared_is_named_with_the_remedy()
    {
        using OwnedFunction owned = new(prepare: false);
        Assert.Equal(unchecked((uint)-61), owned.EnableMsix(0).Value);
        Assert.Contains(
            owned.Lines.Warnings,
            line => line.Contains("prepare_msix", StringComparison.Ordinal) && line.Contains("take it from the host again", StringComparison.Ordinal));
        owned.AssertNothingLeft();
    }

    // Wanted, what the guest has left, what would work; XenLinux asks again for that many when it is above 1.
    [Theory]
    [InlineData(8u, 256, 0u, true)]
    [InlineData(9u, 256, 8u, false)]
    [InlineData(32u, 256, 8u, false)]
    [InlineData(33u, 256, 8u, false)]
    [InlineData(uint.MaxValue, 256, 8u, false)]
    [InlineData(8u, 7, 4u, false)]
    [InlineData(5u, 7, 4u, false)]
    [InlineData(4u, 3, 2u, false)]
    [InlineData(2u, 1, 1u, false)]
    [InlineData(2u, 0, 0u, false)]
    public void Several_MSI_messages_that_do_not_fit_are_answered_with_how_many_would(uint wanted, int left, uint available, bool works)
    {
        using OwnedFunction owned = new(platform: new LoopbackPlatform { MessagesPerGuest = left });

        InterruptReply reply = owned.Operations.EnableMultiMsi(owned.Function, wanted);

        Assert.Equal(works ? (PciOpStatus.Success, wanted) : (PciOpStatus.OperationFailed, available), (reply.Status, reply.Info));
        if (works)
        {
            return;
        }

        owned.AssertNothingLeft();
        Assert.True(reply.Info < wanted);
        if (reply.Info > 1)
        {
            Assert.Equal((PciOpStatus.Success, reply.Info), (owned.Operations.EnableMultiMsi(owned.Function, reply.Info).Status, (uint)owned.State.Vectors));
        }
    }

    [Fact]
    public void Without_interrupt_remapping_one_message_would_work_and_does()
    {
        using OwnedFunction owned = new(platform: new LoopbackPlatform { HasInterruptRemapping = false });
        InterruptReply reply = owned.Operations.EnableMultiMsi(owned.Function, 4);
        Assert.Equal((PciOpStatus.OperationFailed, 1u), (reply.Status, reply.Info));
        Assert.Equal(PciOpStatus.Success, owned.EnableMsi().Status);
    }

    [Theory]
    [InlineData(0x10000)]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_pirq_that_the_answer_cannot_hold_is_given_back(int pirq)
    {
        RecordingPhysdev physdev = new() { Pirqs = [100, 0xFFFF, pirq] };
        using EmulatedFunction hardware = OwnedFunction.Builder().Build(OwnedFunction.Address);
        using InterruptOperations operations = physdev.Operate(hardware, out AssignedFunction function);

        Assert.Equal(unchecked((uint)-34), operations.EnableMsix(function, OwnedFunction.FirstEntries(4)).Value);

        Assert.Equal([100, 0xFFFF, pirq], physdev.Unmapped);
    }

    [Fact]
    public void A_guest_that_asks_without_end_costs_few_hypercalls_and_few_lines()
    {
        using OwnedFunction owned = new();
        int calls = 0;
        owned.Xen.Observer = _ => throw new Hardware.Hypervisor.HypervisorException(Errno.ENOSPC, $"call {++calls}");
        long start = Environment.TickCount64;

        const int Floods = 1_000_000;
        for (int i = 0; i < Floods; i++)
        {
            owned.EnableMsix(i % OwnedFunction.TableSize);
        }

        long seconds = ((Environment.TickCount64 - start) / 1000) + 1;
        Assert.InRange(calls, 1, (int)seconds * 32);
        Assert.InRange(owned.Lines.Warnings.Count(), 1, 7);
        Assert.Equal(Floods, owned.State.Failures);

        // The host has vectors again: the guest gets them within the second.
        owned.Xen.Observer = null;
        Bench.Eventually(() => owned.EnableMsi().Status == PciOpStatus.Success, "MSI after the flood");
    }

    [Fact]
    public void A_guest_that_enables_twice_without_end_writes_few_lines_and_touches_nothing()
    {
        using OwnedFunction owned = new();
        owned.EnableMsi();
        long accesses = owned.Hardware.Reads + owned.Hardware.Writes;
        for (int i = 0; i < 1_000_000; i++)
        {
            owned.EnableMsi();
        }

        Assert.InRange(owned.Lines.Warnings.Count(), 1, 7);
        Assert.Equal(accesses, owned.Hardware.Reads + owned.Hardware.Writes);
        Assert.Equal(1_000_000, owned.State.Failures);
    }

    private static EmulatedFunction Virtual(EmulatedFunction physical)
    {
        byte[] bytes = OwnedFunction.Builder().Set(ConfigRegisters.Command, 2, CommandBits.BusMaster).Build().Snapshot();
        return new EmulatedFunction(OwnedFunction.Address, "virtual", bytes, [0x4000, 0, 0x8_0000])
        {
            IsVirtualFunction = true,
            PhysicalFunction = physical,
            InterruptLine = 0x0B,
        };
    }
}
