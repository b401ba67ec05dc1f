using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Tests.Run;

public sealed class DeniedRegistersTests
{
    [Fact]
    public void Dwords_are_told_apart_in_the_order_of_their_first_write_and_their_bits_add_up()
    {
        DeniedRegisters denied = new();
        denied.Note(0x80, 0x0000_00FF);
        denied.Note(0x10, 0x8000_0000);
        denied.Note(0x80, 0x00FF_0000);

        Assert.Equal([new DeniedRegister(0x80, 0x00FF_00FF, 2), new DeniedRegister(0x10, 0x8000_0000, 1)], denied.Read());
    }

    [Fact]
    public void Beyond_its_room_those_that_are_there_count_on()
    {
        DeniedRegisters denied = new();
        for (int i = 0; i < 2 * DeniedRegisters.Capacity; i++)
        {
            denied.Note(4 * i, 1);
        }

        denied.Note(4 * (DeniedRegisters.Capacity - 1), 2);

        IReadOnlyList<DeniedRegister> read = denied.Read();
        Assert.Equal(Enumerable.Range(0, DeniedRegisters.Capacity).Select(static i => 4 * i), read.Select(static register => register.Offset));
        Assert.Equal(new DeniedRegister(4 * (DeniedRegisters.Capacity - 1), 3, 2), read[^1]);
    }
}
