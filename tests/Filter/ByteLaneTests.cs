using CsCheck;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests;

public sealed class ByteLaneTests
{
    // xen tools/tests/vpci V8, V9: a part of a bigger register.
    [Fact]
    public void A_part_of_a_register_is_read_and_written_alone()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Permissive);
        guest.Write(0x800, 4, 0x1A1B1C1D);
        Assert.Equal(0x1Bu, guest.Read(0x802, 1));
        Assert.Equal(0x1A1Bu, guest.Read(0x802, 2));
        guest.Write(0x802, 1, 0x5A);
        Assert.Equal(0x1A5A1C1Du, guest.Read(0x800));
        guest.Write(0x802, 2, 0xBEEF);
        Assert.Equal(0xBEEF1C1Du, guest.Read(0x800));
    }

    // V7: several registers and a gap, from memory and hardware, in one dword.
    [Fact]
    public void A_read_over_several_registers_merges_their_bytes()
    {
        var guest = new FilteredGuest(Card());
        guest.Hardware.SetHardware(0x06, 2, 0x0810);
        guest.Write(0x04, 2, 0x0147);
        Assert.Equal(0x0810_0147u, guest.Read(0x04));
        Assert.Equal(0x0810u, guest.Read(0x06, 2));
        Assert.Equal(0x80_00_00_10u, guest.Read(0x0C));
    }

    // V10: the values of the original; every read size after every write size.
    [Theory]
    [InlineData(0xA2F51732)]
    [InlineData(0x2B836FDA)]
    [InlineData(0xC4693BEB)]
    public void Content_is_the_same_however_it_is_accessed(uint value)
    {
        for (int writeSize = 1; writeSize <= 4; writeSize *= 2)
        {
            var guest = new FilteredGuest(Card(), AccessPolicy.Permissive);
            for (int at = 0; at < 4; at += writeSize)
            {
                guest.Write(0x810 + at, writeSize, value >> (8 * at));
            }

            for (int readSize = 1; readSize <= 4; readSize *= 2)
            {
                uint read = 0;
                for (int at = 0; at < 4; at += readSize)
                {
                    read |= guest.Read(0x810 + at, readSize) << (8 * at);
                }

                Assert.Equal(value, read);
            }
        }
    }

    // V12 as far as hardware decides: a one clears, a zero does not, and a neighbour's bits stay.
    [Theory]
    [InlineData(4, 0x00005A00u, 0x0000A081u)]
    [InlineData(4, 0x00000000u, 0x0000F0C1u)]
    [InlineData(4, 0xFFFFFFFFu, 0x00000000u)]
    [InlineData(1, 0x000000C1u, 0x0000F000u)]
    public void Bits_that_clear_on_a_one_clear_only_where_one_was_written(int size, uint written, uint left)
    {
        const int Status = Aer + 0x10;
        var guest = new FilteredGuest(Card(), AccessPolicy.Default with { Rules = [new PolicyRule { Register = "AER Correctable Error Status" }] });
        guest.Hardware.SetHardware(Status, 4, 0xF0C1);
        guest.Write(Status, size, written);
        Assert.Equal(written == 0x5A00 ? 0xF0C1u & ~0x5A00u : left, guest.Raw(Status, 4));
    }

    // The family of cloud-hypervisor #8818: a word at lane 2 shifted by a constant. Fields with a side effect decide by their whole value.
    [Fact]
    public void Bytes_words_and_dwords_are_equivalent_where_nothing_acts()
    {
        ConfigSpaceMap map = ConfigSpaceMapCompiler.Compile(Card(), AccessPolicy.Permissive, readAll: true).Map;
        int[] plain = [.. Enumerable.Range(0, 1024).Where(i => map[i].EffectMask == 0)];
        Gen.Select(Gen.Int[0, plain.Length - 1], Gen.UInt, Gen.UInt, Gen.Bool).Sample((index, first, second, isPermissive) =>
        {
            int offset = plain[index] * 4;
            uint[] results = new uint[3];
            for (int way = 0; way < 3; way++)
            {
                var guest = new FilteredGuest(Card(), isPermissive ? AccessPolicy.Permissive : AccessPolicy.Default);
                foreach (uint value in new[] { first, second })
                {
                    for (int at = 0; at < 4; at += 1 << way)
                    {
                        guest.Write(offset + at, 1 << way, value >> (8 * at));
                    }
                }

                results[way] = guest.Raw(offset, 4);
                Assert.Equal(guest.Read(offset), guest.Read(offset, 2) | (guest.Read(offset + 2, 2) << 16));
            }

            Assert.Equal(results[0], results[1]);
            Assert.Equal(results[1], results[2]);
        }, iter: 400);
    }

    [Fact]
    public void Masks_blocks_and_fields_agree_with_a_byte_by_byte_account()
    {
        Gen.UInt.Sample(mask =>
        {
            uint bytes = ByteLanes.WholeBytes(mask);
            uint expected = 0;
            for (int lane = 0; lane < 4; lane++)
            {
                if (((mask >> (8 * lane)) & 0xFF) != 0)
                {
                    expected |= 0xFFu << (8 * lane);
                }
            }

            Assert.Equal(expected, bytes);
            uint covered = 0;
            int blocks = 0;
            while (bytes != 0)
            {
                uint block = ByteLanes.TakeBlock(ref bytes, out int lane, out int size);
                Assert.Equal(0, lane % size);
                Assert.Equal(0u, covered & block);
                covered |= block;
                blocks++;
            }

            Assert.Equal(expected, covered);
            Assert.True(blocks < AccessPlan.MaxSteps);
        });
        for (uint set = 1; set < 16; set++)
        {
            uint mask = 0;
            for (int lane = 0; lane < 4; lane++)
            {
                mask |= (set & (1u << lane)) != 0 ? 0x10u << (8 * lane) : 0;
            }

            ByteLanes.Field(mask, out int from, out int width);
            Assert.Equal(mask, mask & ByteLanes.Lanes(from, width));
        }
    }

    [Fact]
    public void Hardware_bytes_seen_are_remembered_byte_by_byte()
    {
        var registers = new VirtualRegisters(256);
        registers.Observe(0x41, 1, 0xAB, 0);
        Assert.Equal(0x0000FF00u, registers.Seen(0x10));
        registers.Observe(0x42, 2, 0xCDEF, 0);
        Assert.Equal(0xFFFFFF00u, registers.Seen(0x10));
        Assert.Equal(0xCDEFAB00u, registers[0x10]);
        registers.Observe(0x4C, 4, 0x01020304, 0xFF00);
        Assert.Equal(0xFFFFFFFFu, registers.Seen(0x13));
        Assert.Equal(0x01020004u, registers[0x13]);
        Assert.Equal(0u, registers.Seen(0x12));
    }
}
