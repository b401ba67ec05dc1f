using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests;

/// <summary>The way in for who has no page and no stages.</summary>
public sealed class FilteredFunctionTests
{
    private readonly EmulatedFunction _card = CardBuilder().Set(Pm + 4, 2, 0x0108).Build();
    private readonly FilteredFunction _guest;

    public FilteredFunctionTests() => _guest = new(_card, AccessPolicy.Default);

    [Theory]
    [InlineData(1, 0xFFu)]
    [InlineData(2, 0xFFFFu)]
    [InlineData(4, 0xFFFF_FFFFu)]
    public void A_read_that_fails_or_finds_nobody_gives_all_ones_of_its_size(int size, uint ones)
    {
        _card.Faults.Inject(FaultKind.Fails);
        Assert.Equal((AccessStatus.OperationFailed, ones), (_guest.Read(0x04, size, out uint value), value));

        // Not even the bits that memory still has.
        _card.Faults.Inject(FaultKind.AllOnes);
        Assert.Equal((AccessStatus.Success, ones), (_guest.Read(0x04, size, out value), value));
        Assert.True(_guest.Assigned.IsGone);
    }

    [Theory]
    [InlineData(0x06, 2, 0x0010u)]
    [InlineData(0x07, 1, 0x00u)]
    [InlineData(0x04, 4, 0x0010_0006u)]
    [InlineData(0x00, 2, 0x8086u)]
    [InlineData(0x02, 1, 0xFBu)]
    [InlineData(Pm + 4, 2, 0x0008u)]
    public void A_read_gives_what_memory_and_hardware_have_of_it(int offset, int size, uint expected) =>
        Assert.Equal((AccessStatus.Success, expected), (_guest.Read(offset, size, out uint value), value));

    [Fact]
    public void What_policy_drops_is_said_at_once_and_kept()
    {
        Assert.Equal(AccessStatus.Success, _guest.Write(Vendor + 9, 1, 0x5A, out uint denied));
        Assert.Equal(0x5Au, denied);
        Assert.Equal(AccessStatus.Success, _guest.Write(0x0C, 1, 0x08, out denied));
        Assert.Equal(0u, denied);
        Assert.Equal([new DeniedRegister(Vendor + 8, 0x0000_5A00, 1)], _guest.Assigned.Denied.Read());
    }

    [Fact]
    public void Once_withdrawn_nothing_reaches_hardware_and_memory_still_answers()
    {
        Assert.Equal(AccessStatus.Success, _guest.Read(0x04, 4, out _));
        Assert.True(_guest.Assigned.Withdraw(static () => { }));
        long reads = _card.Reads;

        Assert.Equal((AccessStatus.OperationFailed, 0xFFFFu), (_guest.Read(0x06, 2, out uint value), value));
        Assert.Equal(AccessStatus.OperationFailed, _guest.Write(0x0C, 1, 0x08));
        Assert.Equal((AccessStatus.Success, 0x10FB_8086u), (_guest.Read(0x00, 4, out value), value));
        Assert.Equal((reads, 0x10), (_card.Reads, _card.Snapshot()[0x0C]));
    }

    [Fact]
    public void It_is_prepared_as_for_a_guest()
    {
        Assert.True(_guest.TryPrepare());
        Assert.Equal(0, _card.Snapshot()[Pm + 5]);
        Assert.Equal(4096, _guest.Size);
    }
}
