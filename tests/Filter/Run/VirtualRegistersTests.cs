using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Tests.Run;

public sealed class VirtualRegistersTests
{
    // One word holds all three.
    [Fact]
    public void Command_enabled_and_messages_are_kept_apart()
    {
        VirtualRegisters registers = new(64) { Command = 0xFFFF };
        Assert.Equal((false, false, 0xFFFF), (registers.IsEnabled, registers.KnowsMessages, registers.Command));
        registers.IsEnabled = true;
        registers.Command = 0x0407;
        Assert.Equal((true, false, 0x0407), (registers.IsEnabled, registers.KnowsMessages, registers.Command));
        registers.KnowsMessages = true;
        Assert.Equal((true, true, 0x0407), (registers.IsEnabled, registers.KnowsMessages, registers.Command));
        registers.IsEnabled = false;
        Assert.Equal((false, true, 0x0407), (registers.IsEnabled, registers.KnowsMessages, registers.Command));
        registers.Command = 0;
        Assert.Equal((false, true, 0), (registers.IsEnabled, registers.KnowsMessages, registers.Command));
        registers.KnowsMessages = false;
        Assert.Equal((false, false, 0), (registers.IsEnabled, registers.KnowsMessages, registers.Command));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(4096)]
    public void No_part_of_the_words_lies_over_another(int size)
    {
        VirtualRegisters registers = new(size);
        registers.Values.Fill(uint.MaxValue);
        for (int i = 0; i < 7; i++)
        {
            Assert.Equal(0u, registers.Accumulator(i));
            registers.Accumulator(i) = uint.MaxValue;
        }

        Assert.Equal((false, 0), (registers.IsEnabled, registers.Command));
        (registers.IsEnabled, registers.KnowsMessages, registers.Command) = (true, true, 0xFFFF);
        for (int offset = 0; offset < size; offset += 4)
        {
            Assert.Equal(0u, registers.Seen(offset / 4));
            registers.Observe(offset + 2, 2, 0, memory: uint.MaxValue);
            Assert.Equal(0xFFFF_0000u, registers.Seen(offset / 4));
        }

        Assert.Equal(0, registers.WarnedCount);
        for (int offset = 0; offset < size; offset += 4)
        {
            Assert.True(registers.TryMarkWarned(offset, 0x0100));
        }

        Assert.Equal(size / 4, registers.WarnedCount);
        Assert.Equal(uint.MaxValue, registers.Values[^1]);
        Assert.Equal(VirtualRegisters.WordsFor(size), registers.Words.Length);
    }

    [Fact]
    public void What_hardware_answered_is_noted_where_memory_does_not_answer()
    {
        VirtualRegisters registers = new(64);
        registers[1] = 0x1111_1111;

        registers.Observe(6, 2, 0xABCD, memory: 0x00FF_0000);

        Assert.Equal((0xAB11_1111u, 0xFFFF_0000u), (registers[1], registers.Seen(1)));
    }
}
