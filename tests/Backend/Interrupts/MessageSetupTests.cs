using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>The steps of enabling and disabling, as registers and hypercalls show them (Linux drivers/pci/msi and arch/x86/pci/xen.c).</summary>
public sealed class MessageSetupTests
{
    private const uint InterruptDisable = CommandBits.InterruptDisable;

    // What the page has room for (SH_INFO_MAX_VEC).
    private const int MostEntries = 128;

    [Fact]
    public void MSI_is_mapped_while_it_is_off_and_switched_on_last()
    {
        using OwnedFunction owned = new();
        StepLog steps = new(owned);

        InterruptReply reply = owned.EnableMsi();

        LoopbackPirq pirq = Assert.Single(owned.Pirqs);
        Assert.Equal((PciOpStatus.Success, (uint)pirq.Number), (reply.Status, reply.Value));
        Assert.Equal((LoopbackPirqKind.Msi, 0), (pirq.Kind, pirq.Source));
        Assert.Equal(["write 052 0086", "map 0 domain 7", "write 004 0406", "write 052 0087"], steps.Read());
        Assert.NotEqual(0, reply.Ticket);
    }

    [Fact]
    public void MSI_X_is_enabled_but_masked_while_its_entries_are_mapped_one_by_one()
    {
        using OwnedFunction owned = new();
        StepLog steps = new(owned);
        MsixEntry[] entries = OwnedFunction.Entries(5, 0, 63);

        InterruptReply reply = owned.Operations.EnableMsix(owned.Function, entries);

        Assert.Equal((PciOpStatus.Success, 0u), (reply.Status, reply.Value));
        Assert.Equal(
            ["write 0a2 c03f", "map 5 domain 7", "map 0 domain 7", "map 63 domain 7", "write 004 0406", "write 0a2 803f"], steps.Read());
        foreach (MsixEntry entry in entries)
        {
            Assert.Contains(owned.Pirqs, pirq => pirq.Number == entry.Vector && pirq.Source == entry.Entry && pirq.Kind == LoopbackPirqKind.Msix);
        }
    }

    [Theory]
    [InlineData(2u, 2, 0x0010u)]
    [InlineData(3u, 4, 0x0020u)]
    [InlineData(5u, 8, 0x0030u)]
    [InlineData(8u, 8, 0x0030u)]
    public void Several_MSI_messages_are_consecutive_and_counted_in_powers_of_two(uint wanted, int mapped, uint field)
    {
        using OwnedFunction owned = new();

        InterruptReply reply = owned.Operations.EnableMultiMsi(owned.Function, wanted);

        Assert.Equal((PciOpStatus.Success, wanted), (reply.Status, reply.Info));
        Assert.Equal(Enumerable.Range((int)reply.Value, mapped), owned.Pirqs.Select(pirq => pirq.Number));
        Assert.Equal(0x0087u | field, owned.Peek(OwnedFunction.MsiControl, 2));
        Assert.Equal(Enumerable.Range((int)reply.Value, (int)wanted), owned.State.Pirqs);

        owned.Operations.DisableMsi(owned.Function);
        owned.AssertNothingLeft();
    }

    [Fact]
    public void Disabling_silences_the_function_before_it_unmaps_and_gives_the_line_back_last()
    {
        using OwnedFunction owned = new();
        owned.EnableMsix(0, 1);
        int[] pirqs = [.. owned.State.Pirqs];
        StepLog steps = new(owned);

        InterruptReply reply = owned.Operations.DisableMsix(owned.Function);

        Assert.Equal((PciOpStatus.Success, 0x0Bu, 0L), (reply.Status, reply.Value, reply.Ticket));
        Assert.Equal(["write 0a2 003f", $"unmap {pirqs[0]} domain 7", $"unmap {pirqs[1]} domain 7", "write 004 0006"], steps.Read());
        owned.AssertNothingLeft();
    }

    [Fact]
    public void Control_registers_are_written_as_two_bytes_and_nothing_else_of_a_capability_is_written()
    {
        using OwnedFunction owned = new();
        owned.Hardware.RecordAccesses(on: true);

        owned.EnableMsi();
        owned.Operations.DisableMsi(owned.Function);
        owned.EnableMsix(0, 1, 2);
        owned.Operations.DisableMsix(owned.Function);
        owned.Operations.EnableMultiMsi(owned.Function, 4);
        owned.Operations.DisableMsi(owned.Function);

        foreach (RecordedAccess write in owned.Hardware.RecordedAccesses().Where(access => access.IsWrite))
        {
            Assert.Equal(2, write.Size);
            Assert.Contains(write.Offset, new[] { ConfigRegisters.Command, OwnedFunction.MsiControl, OwnedFunction.MsixControl });
        }
    }

    [Fact]
    public void The_table_is_looked_for_at_the_hosts_own_resource_and_not_where_the_register_points_now()
    {
        RecordingPhysdev physdev = new();
        using EmulatedFunction hardware = OwnedFunction.Builder().Build(OwnedFunction.Address);
        using InterruptOperations operations = physdev.Operate(hardware, out AssignedFunction? function);
        hardware.SetHardware(0x18, 4, 0x66600000); // XSA-337

        operations.EnableMsix(function, OwnedFunction.Entries(0));

        Assert.Equal(OwnedFunction.TableRegion, Assert.Single(physdev.TableBases));
    }

    [Fact]
    public void A_line_the_function_had_silenced_before_stays_silent_after_a_failure()
    {
        using OwnedFunction owned = new(builder => builder.Set(ConfigRegisters.Command, 2, CommandBits.Memory | InterruptDisable));
        byte[] before = owned.Hardware.Snapshot();
        owned.Xen.Fail(LoopbackCall.MapMessage, Errno.ENOSPC);

        Assert.Equal(PciOpStatus.OperationFailed, owned.EnableMsi().Status);

        Assert.Equal(before, owned.Hardware.Snapshot());
    }

    // Every vector of the largest request there can be, and every reason the host can refuse with.
    [Theory]
    [InlineData(Errno.ENOSPC, -28)]
    [InlineData(Errno.ENODEV, -19)]
    [InlineData(Errno.EINVAL, -22)]
    [InlineData(Errno.ENODATA, -61)]
    [InlineData(Errno.EPERM, -1)]
    [InlineData(Errno.ENFILE, -23)]
    [InlineData(Errno.EBADF, -9)]
    [InlineData(Errno.EXDEV, -18)]
    [InlineData(Errno.EOVERFLOW, -75)]
    [InlineData(Errno.ETIMEDOUT, -110)]
    [InlineData((Errno)4095, -4095)] // one that no header names yet
    public void A_failure_at_any_vector_leaves_nothing_mapped_and_the_registers_as_they_were(Errno errno, int value)
    {
        for (int k = 1; k <= MostEntries; k++)
        {
            using OwnedFunction owned = new(builder => builder.Set(OwnedFunction.MsixControl, 2, MostEntries - 1));
            owned.Xen.Describe(OwnedFunction.Address, new());
            byte[] before = owned.Hardware.Snapshot();
            owned.Xen.Fail(LoopbackCall.MapMessage, errno, k);
            MsixEntry[] entries = OwnedFunction.FirstEntries(MostEntries);

            InterruptReply reply = owned.Operations.EnableMsix(owned.Function, entries);

            Assert.Equal((PciOpStatus.OperationFailed, unchecked((uint)value), 0L), (reply.Status, reply.Value, reply.Ticket));
            Assert.Empty(owned.Pirqs);
            Assert.Equal(before, owned.Hardware.Snapshot());
            Assert.All(entries, entry => Assert.Equal(0xFFFF, entry.Vector));
            Assert.Equal((0L, 1L), (owned.State.Enables, owned.State.Failures));
        }
    }

    [Fact]
    public void A_write_that_fails_after_the_mapping_unmaps_again()
    {
        using OwnedFunction owned = new();
        owned.Xen.Observer = request => owned.Hardware.Faults.Inject(request.Call == LoopbackCall.Unmap ? FaultKind.None : FaultKind.Fails);

        InterruptReply msi = owned.EnableMsi();
        owned.Hardware.Faults.Release();
        InterruptReply msix = owned.EnableMsix(0);

        Assert.Equal((PciOpStatus.OperationFailed, 0u), (msi.Status, msi.Value));
        Assert.Equal((PciOpStatus.OperationFailed, unchecked((uint)-5)), (msix.Status, msix.Value));
        owned.AssertNothingLeft();
    }

    [Theory]
    [InlineData(Errno.ESRCH, 0)]
    [InlineData(Errno.EINVAL, 0)]
    [InlineData(Errno.EBUSY, 1)]
    public void What_a_dead_guest_no_longer_has_is_unmapped_already(Errno errno, int warnings)
    {
        using OwnedFunction owned = new();
        owned.EnableMsix(0, 1, 2);
        owned.Xen.Fail(LoopbackCall.Unmap, errno, 2);

        owned.Operations.DisableMsix(owned.Function);

        Assert.Equal(warnings, owned.Lines.Warnings.Count());
        Assert.Equal(InterruptMode.Line, owned.State.Mode);
        Assert.Single(owned.Pirqs); // the failed call did nothing; those before and behind it did
    }
}
