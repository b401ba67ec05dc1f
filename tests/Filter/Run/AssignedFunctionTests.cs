using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests.Run;

public sealed class AssignedFunctionTests
{
    [Fact]
    public void Each_change_of_being_gone_is_told_once()
    {
        FilteredGuest guest = new(Card());
        int told = 0;
        guest.Assigned.GoneChanged = () => told++;

        guest.Hardware.Faults.Inject(FaultKind.AllOnes);
        guest.Read(0x06, 2);
        guest.Assigned.Refresh();
        Assert.Equal((1, true), (told, guest.Assigned.IsGone));

        guest.Hardware.Faults.Release();
        guest.Assigned.Refresh();
        guest.Assigned.Refresh();
        Assert.Equal((2, false), (told, guest.Assigned.IsGone));
    }

    [Fact]
    public void Each_change_of_having_failed_is_told_once_and_the_next_guest_begins_without()
    {
        FilteredGuest guest = new(Card());
        int told = 0;
        guest.Assigned.GoneChanged = () => told++;

        guest.Assigned.NoteFailure(false);
        Assert.Equal((0, false), (told, guest.Assigned.HasFailed));
        guest.Assigned.NoteFailure(true);
        guest.Assigned.NoteFailure(true);
        Assert.Equal((1, true), (told, guest.Assigned.HasFailed));
        guest.Assigned.Release();
        Assert.False(guest.Assigned.HasFailed);
    }

    // The ids of a virtual function read all ones by specification (SR-IOV 1.1 §3.4.1.1): its class code does not.
    [Fact]
    public void A_virtual_function_is_gone_only_when_its_class_code_is()
    {
        byte[] bytes = Card().Snapshot();
        bytes.AsSpan(0, 4).Fill(0xFF);
        EmulatedFunction hardware = new(default, "vf", bytes) { IsVirtualFunction = true, VendorId = 0x8086, DeviceId = 0x10ED };
        FilteredGuest guest = new(hardware);
        hardware.SetHardware(0x800, 4, uint.MaxValue);

        guest.Read(0x800);
        Assert.False(guest.Assigned.IsGone);
        hardware.Faults.Inject(FaultKind.AllOnes);
        guest.Read(0x800);
        Assert.True(guest.Assigned.IsGone);
    }

    // Memory has no value yet for what hardware answered so far; what the guest has of its own stays.
    [Fact]
    public void Under_another_policy_the_guest_keeps_its_state_and_finds_the_values_of_what_is_new()
    {
        FilteredGuest guest = new(Card());
        CompiledFunction next = ConfigSpaceMapCompiler.Compile(guest.Hardware, AccessPolicy.QemuXen);
        uint[] added = [.. Enumerable.Range(0, 1024).Select(dword => next.Map[dword].Memory & ~guest.Assigned.Map[dword].Memory)];
        Assert.Contains(added, static bits => bits != 0);
        for (int dword = 0; dword < added.Length; dword++)
        {
            guest.Assigned.Registers[dword] = 0xA5A5_A5A5 ^ next.Initial.Values[dword];
        }

        uint[] before = guest.Assigned.Registers.Values.ToArray();
        guest.Assigned.Replace(next);

        for (int dword = 0; dword < added.Length; dword++)
        {
            Assert.Equal(ByteLanes.Merge(before[dword], next.Initial.Values[dword], added[dword]), guest.Assigned.Registers[dword]);
        }

        Assert.Same(next.Map, guest.Assigned.Map);
    }

    [Fact]
    public void Permissions_of_another_length_are_refused()
    {
        FilteredGuest guest = new(Card());
        CompiledFunction other = ConfigSpaceMapCompiler.Compile(new EmulatedFunctionBuilder(0x8086, 0x10FB).Build(), AccessPolicy.Default);
        ConfigSpaceMap before = guest.Assigned.Map;

        Assert.Throws<ArgumentException>(() => guest.Assigned.Replace(other));
        Assert.Throws<ArgumentException>(() => guest.Assigned.Release(other));
        Assert.Throws<ArgumentException>(() => new AssignedFunction(guest.Hardware, default, other));
        Assert.Throws<ArgumentException>(() => new AssignedFunction(guest.Hardware, default, guest.Compiled, new VirtualRegisters(256)));
        Assert.Same(before, guest.Assigned.Map);
    }

    [Fact]
    public void A_dword_that_cannot_be_read_differs_from_its_copy_in_all_bits()
    {
        EmulatedFunction card = Card();
        ContraryFunction contrary = new(card);
        FilteredGuest guest = new(card, around: contrary);
        Assert.Empty(ShadowVerification.Run(guest.Assigned));
        contrary.RefusesRead = static offset => offset == 0x2C;

        Assert.Equal([new ShadowMismatch(0x2C, uint.MaxValue, 0x7A11_8086, uint.MaxValue)], ShadowVerification.Run(guest.Assigned));

        // What could not be read keeps its copy.
        guest.Assigned.Refresh();
        Assert.Equal(0x7A11_8086u, guest.Read(0x2C));
    }

    [Fact]
    public void Every_access_that_reached_hardware_is_counted()
    {
        FilteredGuest guest = new(Card());
        (long reads, long writes) = (guest.Assigned.HardwareReads, guest.Assigned.HardwareWrites);
        (long ownReads, long ownWrites) = (guest.Hardware.Reads, guest.Hardware.Writes);

        guest.Read(0x06, 2);
        guest.Write(0x0C, 1, 0x08);
        guest.Hardware.SetHardware(0x800, 4, uint.MaxValue);
        guest.Read(0x800);
        guest.Assigned.Refresh();

        Assert.Equal(guest.Hardware.Reads - ownReads, guest.Assigned.HardwareReads - reads);
        Assert.Equal((1L, 1L), (guest.Hardware.Writes - ownWrites, guest.Assigned.HardwareWrites - writes));
    }
}
