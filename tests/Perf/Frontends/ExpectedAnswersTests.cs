using PciBackFlow.Pci.Emulated;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Tests.Frontends;

public sealed class ExpectedAnswersTests
{
    private readonly ExpectedAnswers _answers = new(TestFunctions.Image(), live: null);

    // Expected values are those of conf_space_header.c (Linux xen-pciback) applied by hand to the test function's bytes.
    [Theory]
    [InlineData(0x00, 4, 0x100E8086u)]
    [InlineData(0x02, 2, 0x100Eu)]
    [InlineData(0x04, 4, 0x02100107u)]
    [InlineData(0x0D, 1, 0x40u)]
    [InlineData(0x10, 4, 0xFEB40000u)]
    [InlineData(0x14, 4, 0x0000C041u)]
    [InlineData(0x18, 4, 0x0020000Cu)]
    [InlineData(0x1C, 4, 0x00000038u)]
    [InlineData(0x20, 4, 0u)]
    [InlineData(0x3C, 1, 0x0Bu)]
    [InlineData(0x50, 4, 0x00800005u)]
    public void An_untouched_register_reads_as_its_source(int offset, int size, uint value)
    {
        Assert.True(_answers.Matches(offset, size, value));
        Assert.False(_answers.Matches(offset, size, value ^ 1));
    }

    [Theory]
    [InlineData(0x10, 0xFFFFFFFFu, 0xFFFE0000u)]
    [InlineData(0x10, 0xFFFFFFF0u, 0xFFFE0000u)]
    [InlineData(0x10, 0xFFFFF000u, 0xFEB40000u)]
    [InlineData(0x14, 0xFFFFFFFFu, 0xFFFFFFC1u)]
    [InlineData(0x18, 0xFFFFFFFFu, 0xFFF0000Cu)]
    [InlineData(0x1C, 0xFFFFFFFFu, 0xFFFFFFFFu)]
    [InlineData(0x20, 0xFFFFFFFFu, 0u)]
    [InlineData(0x30, 0xFFFFF800u, 0xFFFF0000u)]
    [InlineData(0x30, 0xFFFFFFFEu, 0xFFFF0000u)]
    public void A_base_address_answers_its_size_after_all_ones_and_itself_after_anything_else(int offset, uint written, uint read)
    {
        _answers.Written(offset, 4, written);
        Assert.True(_answers.Matches(offset, 4, read));
        _answers.Written(offset, 4, 0x12345678);
        Assert.True(_answers.Matches(offset, 4, TestFunctions.Image().Dword(offset)));
    }

    [Fact]
    public void Decode_parity_and_interrupt_disable_follow_the_guest_and_special_cycles_follow_the_hardware()
    {
        _answers.Written(0x04, 2, 0x0448);
        Assert.True(_answers.Matches(0x04, 2, 0x0440));
        Assert.True(_answers.Matches(0x06, 2, 0x0210));
    }

    [Fact]
    public void Dropped_writes_change_nothing()
    {
        _answers.Written(0x00, 4, 0);
        _answers.Written(0x0D, 1, 0xFF);
        _answers.Written(0x3C, 1, 0xFF);
        _answers.Written(0x50, 4, 0);
        Assert.True(_answers.Matches(0x00, 4, TestFunctions.Ids));
        Assert.True(_answers.Matches(0x0C, 4, 0x00004010));
        Assert.True(_answers.Matches(0x3C, 1, 0x0B));
        Assert.True(_answers.Matches(0x50, 4, 0x00800005));
    }

    // The image says D3hot, and that the way up is a reset.
    [Fact]
    public void The_power_state_is_the_one_that_is_answered()
    {
        byte[] bytes = TestFunctions.Bytes();
        bytes[0x44] = 0x03;
        using EmulatedFunction function = new(default, "asleep", bytes, TestFunctions.Lengths);
        var answers = new ExpectedAnswers(FunctionImage.Take(function, isLive: false, allRegisters: true), null);
        Assert.True(answers.Matches(0x44, 2, 0x0008));
        Assert.False(answers.Matches(0x44, 2, 0x0003));
        Assert.False(answers.Matches(0x44, 2, 0x000B));
    }

    // SR-IOV 1.1 §3.4.1.5: hardwired to 0.
    [Fact]
    public void A_virtual_functions_cache_line_size_takes_no_write()
    {
        byte[] bytes = TestFunctions.Bytes();
        bytes.AsSpan(0, 4).Fill(0xFF);
        bytes[0x0C] = 0;
        using EmulatedFunction function = new(default, "virtual", bytes, TestFunctions.Lengths) { IsVirtualFunction = true };
        var answers = new ExpectedAnswers(FunctionImage.Take(function, isLive: false, allRegisters: true), null);
        answers.Written(0x0C, 1, 0x10);
        Assert.True(answers.Matches(0x0C, 1, 0));
        Assert.False(answers.Matches(0x0C, 1, 0x10));
    }

    [Fact]
    public void Bits_above_the_size_of_a_read_are_wrong() => Assert.False(_answers.Matches(0x3C, 1, 0x010B));

    [Fact]
    public void A_live_register_may_differ_from_its_image_only_as_the_hardware_reads_now()
    {
        using EmulatedFunction live = TestFunctions.Open();
        var answers = new ExpectedAnswers(TestFunctions.Image(), live);
        live.SetHardware(0x06, 2, 0x8210);

        Assert.True(answers.Matches(0x04, 4, 0x82100107));
        Assert.True(answers.Matches(0x04, 4, 0x02100107));
        Assert.False(answers.Matches(0x04, 4, 0x42100107));
        Assert.False(answers.Matches(0x04, 4, 0x82100106));
    }

    [Fact]
    public void The_script_reads_every_register_and_reads_back_every_write()
    {
        AccessStep[] steps = AccessScript.Mixed(TestFunctions.Image(), FrontendKind.Linux);
        Assert.Equal(64, steps.Where(s => !s.IsWrite && s.Size == 4).Select(s => s.Offset & ~3).Distinct().Count());
        for (int i = 0; i < steps.Length; i++)
        {
            if (steps[i].IsWrite)
            {
                AccessStep write = steps[i];
                AccessStep next = steps.Skip(i + 1).First(s => s.Offset == write.Offset);
                Assert.Equal((false, write.Size), (next.IsWrite, next.Size));
            }
        }
    }

    [Fact]
    public void NetBsd_only_ever_accesses_four_bytes() =>
        Assert.All(AccessScript.Mixed(TestFunctions.Image(), FrontendKind.NetBsd), step => Assert.Equal(4, step.Size));
}
