using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// BAR sizing: the bytes written since the last dword write accumulate into one 32-bit value; the register answers its size
/// mask exactly while that value has all address bits set, and its address otherwise. Hardware sees none of it.
/// </summary>
public sealed class BaseAddressSizingTests
{
    [Theory]
    [InlineData(0xFFFFFFFF, true)]
    [InlineData(0xFFFFFFF0, true)]
    [InlineData(0xFFFFFFF5, true)]
    [InlineData(0xFFFFF000, false)]
    [InlineData(0x7FFFFFFF, false)]
    [InlineData(0x00000000, false)]
    public void A_memory_BAR_is_sized_by_a_dword_with_all_address_bits_set(uint written, bool sizes)
    {
        using OneGuest guest = Guest(out PlainMemoryFunction? hardware, new BaseAddress(0xFEBC0000, 0x20000, 0));

        Assert.Equal(PciOpStatus.Success, guest.Write(0x10, 4, written));

        Assert.Equal(sizes ? 0xFFFE0000 : 0xFEBC0000, guest.Read(0x10, 4).Value);
        Assert.Equal(0, hardware.Writes);
    }

    [Theory]
    [InlineData(0xFFFFFFFC, true)]
    [InlineData(0xFFFFFFFF, true)]
    [InlineData(0xFFFFFFF0, false)]
    public void An_IO_BAR_ignores_its_two_low_bits_only(uint written, bool sizes)
    {
        using OneGuest guest = Guest(out _, new BaseAddress(0xC000, 0x20, 1));

        guest.Write(0x10, 4, written);

        Assert.Equal(sizes ? 0xFFFFFFE1u : 0xC001u, guest.Read(0x10, 4).Value);
    }

    [Fact]
    public void Both_halves_of_a_64_bit_BAR_are_sized_apart()
    {
        using OneGuest guest = Guest(out PlainMemoryFunction? hardware, new BaseAddress(0x12_4000_0000, 0x2_0000_0000, 0xC));

        guest.Write(0x10, 4, 0xFFFFFFFF);
        guest.Write(0x14, 4, 0xFFFFFFFF);

        Assert.Equal(0x0000000Cu, guest.Read(0x10, 4).Value);
        Assert.Equal(0xFFFFFFFEu, guest.Read(0x14, 4).Value);
        guest.Write(0x14, 4, 0xFFFFFFFE);
        Assert.Equal(0x12u, guest.Read(0x14, 4).Value);
        guest.Write(0x10, 4, 0x4000000C);
        Assert.Equal(0x4000000Cu, guest.Read(0x10, 4).Value);
        Assert.Equal(0, hardware.Writes);
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2, 3 })]
    [InlineData(new[] { 3, 1, 0, 2 })]
    public void Four_byte_writes_size_a_BAR_when_the_last_of_them_is_there(int[] order)
    {
        using OneGuest guest = Guest(out _, new BaseAddress(0xFEBC0000, 0x20000, 0));
        guest.Write(0x10, 4, 0);

        foreach (int lane in order)
        {
            Assert.Equal(0xFEBC0000, guest.Read(0x10, 4).Value);
            guest.Write(0x10 + lane, 1, 0xFF);
        }

        Assert.Equal(0xFFFE0000, guest.Read(0x10, 4).Value);
        guest.Write(0x12, 1, 0xBC);
        Assert.Equal(0xFEBC0000, guest.Read(0x10, 4).Value);
    }

    [Fact]
    public void Two_word_writes_size_a_BAR_and_its_mask_can_be_read_byte_by_byte()
    {
        using OneGuest guest = Guest(out _, new BaseAddress(0xFEBC0000, 0x20000, 8));

        guest.Write(0x10, 2, 0xFFFF);
        Assert.Equal(0xFEBC0008, guest.Read(0x10, 4).Value);
        guest.Write(0x12, 2, 0xFFFF);

        Assert.Equal([0x08u, 0x00u, 0xFEu, 0xFFu], Enumerable.Range(0x10, 4).Select(offset => guest.Read(offset, 1).Value));
    }

    [Fact]
    public void A_dword_write_replaces_what_bytes_had_accumulated()
    {
        using OneGuest guest = Guest(out _, new BaseAddress(0xFEBC0000, 0x20000, 0));
        guest.Write(0x10, 4, 0xFFFFFFFF);

        guest.Write(0x13, 1, 0x00);
        Assert.Equal(0xFEBC0000, guest.Read(0x10, 4).Value);
        guest.Write(0x13, 1, 0xFF);
        Assert.Equal(0xFFFE0000, guest.Read(0x10, 4).Value);
        guest.Write(0x10, 4, 0x12345678);
        Assert.Equal(0xFEBC0000, guest.Read(0x10, 4).Value);
    }

    [Theory]
    [InlineData(0xFFFFF800, true)]
    [InlineData(0xFFFFFFFE, true)]
    [InlineData(0xFFFFFFFF, true)]
    [InlineData(0xFFFFF000, false)]
    public void A_ROM_is_sized_whatever_stands_in_its_eleven_low_bits(uint written, bool sizes)
    {
        using OneGuest guest = Guest(out PlainMemoryFunction? hardware, default, rom: new BaseAddress(0xFEB80000, 0x40000, 0));

        guest.Write(0x30, 4, written);

        Assert.Equal(sizes ? 0xFFFC0000 : 0xFEB80000, guest.Read(0x30, 4).Value);
        Assert.Equal(0, hardware.Writes);
    }

    [Fact]
    public void An_absent_BAR_reads_as_zero_even_when_sized()
    {
        using OneGuest guest = Guest(out _, default);

        guest.Write(0x10, 4, 0xFFFFFFFF);

        Assert.Equal(0u, guest.Read(0x10, 4).Value);
    }

    [Fact]
    public void A_BAR_that_hardware_lost_is_restored_by_writing_the_hosts_own_value_and_by_no_other()
    {
        using OneGuest guest = Guest(out PlainMemoryFunction? hardware, new BaseAddress(0xFEBC0000, 0x20000, 0));
        Assert.True(hardware.TryWrite(0x10, 4, 0));
        int before = hardware.Writes;

        guest.Write(0x10, 4, 0xFEBD0000);
        Assert.Equal(before, hardware.Writes);
        guest.Write(0x10, 4, 0xFEBC0000);

        Assert.Equal(before + 1, hardware.Writes);
        Assert.Equal([0x00, 0x00, 0xBC, 0xFE], hardware.Bytes.Slice(0x10, 4).ToArray());
    }

    [Fact]
    public void Both_halves_of_a_64_bit_BAR_and_a_ROM_that_hardware_lost_are_restored_by_their_own_values_only()
    {
        using OneGuest guest = Guest(
            out PlainMemoryFunction? hardware, new BaseAddress(0x12_4000_0000, 0x2_0000_0000, 0xC),
            rom: new BaseAddress(0xFEB80000, 0x40000, 0));
        foreach ((int register, uint value) in new[] { (0x10, 0x4000000Cu), (0x14, 0x12u), (0x30, 0xFEB80000u) })
        {
            hardware.Poke(register, 4, 0);
            guest.Write(register, 4, value ^ 0x80000000);
            Assert.Equal([0, 0, 0, 0], hardware.Bytes.Slice(register, 4).ToArray());
            guest.Write(register, 4, value);
            Assert.Equal(BitConverter.GetBytes(value), hardware.Bytes.Slice(register, 4).ToArray());
            int writes = hardware.Writes;
            guest.Write(register, 4, value);
            Assert.Equal(writes, hardware.Writes);
        }
    }

    [Fact]
    public void Every_captured_BAR_sizes_to_the_complement_of_its_length_and_reads_its_address_again_afterwards()
    {
        // Origin: Linux drivers/xen/xen-pciback/conf_space_header.c (bar_read, bar_write); PCI Local Bus 3.0 §6.2.5.1.
        foreach ((string? name, byte[]? bytes, IPciFunction? function) in CapturedImages.Usable())
        {
            var image = new OracleImage(bytes);
            var hardware = new PlainMemoryFunction(bytes, function.BaseAddresses, default);
            using var guest = new OneGuest(hardware, AccessPolicy.Default);
            for (int bar = 0; bar < image.BarCount; bar++)
            {
                int register = 0x10 + (4 * bar);
                BaseAddress own = function.BaseAddresses[bar];
                uint expected;
                if (image.IsUpperHalf(register))
                {
                    BaseAddress low = function.BaseAddresses[bar - 1];
                    expected = low.IsPresent ? (uint)(~(low.Length - 1) >> 32) : 0;
                }
                else
                {
                    // A register cannot say that a region is one byte long; an IDE controller's is.
                    expected = own.IsPresent ? ((uint)~(own.Length - 1) & (own.IsIo ? ~3u : ~0xFu)) | own.Flags : 0;
                }

                uint address = guest.Read(register, 4).Value;
                Assert.Equal(PciOpStatus.Success, guest.Write(register, 4, 0xFFFFFFFF));
                Assert.True(expected == guest.Read(register, 4).Value, $"{name}: BAR {bar} answers {guest.Read(register, 4).Value:x8}, not {expected:x8}");
                guest.Write(register, 4, address);
                Assert.Equal(address, guest.Read(register, 4).Value);
            }

            Assert.Equal(0, hardware.Writes);
        }
    }

    private static OneGuest Guest(out PlainMemoryFunction hardware, BaseAddress bar0, BaseAddress rom = default)
    {
        byte[] bytes = new byte[256];
        bytes[0] = 0x86;
        bytes[1] = 0x80;
        bytes[2] = 0xD3;
        bytes[3] = 0x10;
        bytes[4] = 0x07;
        Put(0x10, (uint)bar0.Start | bar0.Flags);
        if (bar0.Is64Bit)
        {
            Put(0x14, (uint)(bar0.Start >> 32));
        }

        Put(0x30, (uint)rom.Start | rom.Flags);
        hardware = new PlainMemoryFunction(bytes, [bar0, default, default, default, default, default, rom], default);
        return new OneGuest(hardware, AccessPolicy.Default);

        void Put(int offset, uint value)
        {
            for (int lane = 0; lane < 4; lane++)
            {
                bytes[offset + lane] = (byte)(value >> (8 * lane));
            }
        }
    }
}
