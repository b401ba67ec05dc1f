using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests.Effects;

/// <summary>Hardware or the host does not do what a register with an effect needs: the write fails, and what was not done is not remembered.</summary>
public sealed class UnwillingHardwareTests : IDisposable
{
    private const int Command = 0x04;
    private const int CacheLine = 0x0C;
    private const int SelfTest = 0x0F;

    private static readonly AccessPolicy s_trusting = AccessPolicy.Default with
    {
        AllowInterruptControl = new(true, SettingOrigin.BuiltIn),
        AllowFunctionReset = new(true, SettingOrigin.BuiltIn),
        Quirks = [new QuirkField(Vendor + 8, 4, 0x00F0, SettingOrigin.BuiltIn)],
    };

    private readonly EmulatedFunction _card = Card();
    private readonly ContraryFunction _contrary;
    private readonly FilteredGuest _guest;
    private int _resets;

    public UnwillingHardwareTests()
    {
        _contrary = new ContraryFunction(_card);
        _guest = new FilteredGuest(_card, s_trusting, around: _contrary);
        _guest.Assigned.AfterReset = _ => _resets++;
    }

    public void Dispose() => _contrary.Dispose();

    // Every register whose write begins with a look at hardware. 0x1C holds another address than the host's, or nothing would be done.
    public static TheoryData<int, int, uint> LookFirst => new()
    {
        { Command, 2, 0x0407 },
        { 0x1C, 4, 0xFB000000 },
        { SelfTest, 1, 0xC0 },
        { SelfTest, 1, 0xFF },
        { Pm + 4, 2, 3 },
        { Vpd + 2, 1, 4 },
        { Msi + 2, 2, 0x0181 },
        { Msix + 2, 2, 0x803F },
        { Vendor + 8, 2, 0x0010 },
    };

    [Theory]
    [MemberData(nameof(LookFirst))]
    public void A_register_that_cannot_be_read_is_not_written(int offset, int size, uint value)
    {
        _contrary.RefusesRead = static _ => true;

        Assert.Equal(AccessStatus.OperationFailed, _guest.Write(offset, size, value));

        Assert.Empty(_guest.Writes());
    }

    // What would be written may be another card at the same address.
    [Theory]
    [MemberData(nameof(LookFirst))]
    public void A_function_that_is_found_gone_by_that_look_is_not_written(int offset, int size, uint value)
    {
        _card.Faults.Inject(FaultKind.AllOnes);

        AccessStatus status = _guest.Write(offset, size, value);

        Assert.Equal(offset == Vpd + 2 ? AccessStatus.AccessDenied : AccessStatus.Success, status);
        Assert.True(_guest.Assigned.IsGone);
        Assert.Empty(_guest.Writes());
    }

    [Theory]
    [InlineData(Command, 2, 0x0003u)]
    [InlineData(SelfTest, 1, 0x40u)]
    [InlineData(Pm + 4, 2, 0x1E00u)]
    [InlineData(Vpd + 2, 2, 0x0004u)]
    [InlineData(Msi + 2, 2, 0x0181u)]
    [InlineData(Msix + 2, 2, 0x803Fu)]
    [InlineData(Vendor + 8, 2, 0x0010u)]
    public void A_value_that_hardware_does_not_take_is_a_failed_write(int offset, int size, uint value)
    {
        _guest.Write(Command, 2, 0x0007);
        byte[] before = _card.Snapshot();
        ushort command = _guest.Assigned.Registers.Command;
        _contrary.RefusesWrite = static _ => true;

        Assert.Equal(AccessStatus.OperationFailed, _guest.Write(offset, size, value));

        Assert.Equal(before, _card.Snapshot());
        Assert.Equal(command, _guest.Assigned.Registers.Command);
        _contrary.RefusesWrite = static _ => false;
        Assert.Equal(AccessStatus.Success, _guest.Write(offset, size, value));
    }

    [Fact]
    public void A_function_that_the_host_cannot_enable_is_not_enabled()
    {
        ushort before = _guest.Assigned.Registers.Command;
        _contrary.RefusesToEnable = true;

        Assert.Equal(AccessStatus.OperationFailed, _guest.Write(Command, 2, 0x0407));

        Assert.Equal((false, before), (_guest.Assigned.Registers.IsEnabled, _guest.Assigned.Registers.Command));
        Assert.Empty(_guest.Writes());
        _contrary.RefusesToEnable = false;
        Assert.Equal(AccessStatus.Success, _guest.Write(Command, 2, 0x0407));
        Assert.True(_guest.Assigned.Registers.IsEnabled);
    }

    [Fact]
    public void A_command_that_changes_nothing_is_not_written()
    {
        _guest.Write(Command, 2, 0x0007);
        _guest.Accesses();

        Assert.Equal(AccessStatus.Success, _guest.Write(Command, 2, 0x0007));

        Assert.Empty(_guest.Writes());
    }

    // Memory Write and Invalidate needs the size of a cache line: what a function cannot be told it cannot do.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_a_cache_line_size_the_guest_does_not_get_memory_write_and_invalidate(bool isRead)
    {
        EmulatedFunction card = Conventional().Build();
        ContraryFunction contrary = new(card) { LosesWrite = static offset => offset == CacheLine };
        FilteredGuest guest = new(card, around: contrary);
        contrary.RefusesRead = offset => offset == CacheLine && !isRead;

        Assert.Equal(AccessStatus.Success, guest.Write(Command, 2, 0x0016));

        Assert.Equal((0x06u, 0u), (guest.Raw(Command, 2) & 0x16, guest.Assigned.Registers.Command & 0x10u));
    }

    [Fact]
    public void A_cache_line_size_that_is_there_stays()
    {
        FilteredGuest guest = new(Conventional().Set(CacheLine, 1, 0x08).Build());

        Assert.Equal(AccessStatus.Success, guest.Write(Command, 2, 0x0016));

        Assert.Equal((0x08u, 0x16u), (guest.Raw(CacheLine, 1), guest.Raw(Command, 2) & 0x16));
        Assert.DoesNotContain(guest.Writes(), static write => write.Offset == CacheLine);
    }

    // One kind of message gives way to nothing; whether the other is on must be known.
    [Fact]
    public void Messages_stay_off_while_the_other_kind_cannot_be_looked_at()
    {
        _contrary.RefusesRead = static offset => offset == Msix + 2;

        Assert.Equal(AccessStatus.AccessDenied, _guest.Write(Msi + 2, 2, 0x0181));

        Assert.Equal(0x0180u, _guest.Raw(Msi + 2, 2));
    }

    [Fact]
    public void A_reset_that_the_host_cannot_do_is_a_failed_write_and_nobody_is_told_of_it()
    {
        _contrary.RefusesToReset = true;

        Assert.Equal(AccessStatus.OperationFailed, _guest.Write(Express + 9, 1, 0x80));
        Assert.Equal((0, 0), (_card.Resets, _resets));

        _contrary.RefusesToReset = false;
        Assert.Equal(AccessStatus.Success, _guest.Write(Express + 9, 1, 0x80));
        Assert.Equal((1, 1), (_card.Resets, _resets));
    }

    // Its link was reset by the kernel: what it lost is written back, where there is no other way to reset it.
    [Theory]
    [InlineData(false, false, false, true, 1)]
    [InlineData(true, false, false, false, 0)]
    [InlineData(true, true, false, true, 1)]
    [InlineData(true, true, true, false, 0)]
    public void A_function_without_a_reset_is_as_good_as_reset_when_its_link_was(
        bool refusesToReset, bool hasBeenReset, bool refusesToPutBack, bool isReset, int told)
    {
        (_contrary.RefusesToReset, _contrary.RefusesToPutBack) = (refusesToReset, refusesToPutBack);

        Assert.Equal(isReset, SideEffects.Reset(_guest.Assigned, hasBeenReset));

        Assert.Equal(told, _resets);
    }

    // An express function's bit is 0 in hardware.
    private static EmulatedFunctionBuilder Conventional() =>
        new EmulatedFunctionBuilder(0x8086, 0x100E).Set(Command, 2, 0x0002).BaseAddress(0, 0xFB00_0000, 0x4000);
}
