using System.Diagnostics;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Pci.Tests.Capabilities;

/// <summary>
/// The way up from D3hot, which may end in a reset that takes its time: waited for as Linux does (drivers/pci/pci.c, pci_power_up, pci_dev_wait), and what it
/// wiped is put back before the function decodes.
/// </summary>
public sealed class PowerTransitionTests
{
    private const int Command = 0x04;
    private const int Bar0 = 0x10;
    private const int Power = 0x44;

    [Theory]
    [InlineData(0, false, false)]
    [InlineData(0, true, false)]
    [InlineData(60, false, false)]
    [InlineData(60, false, true)]
    [InlineData(60, true, true)]
    public void Base_addresses_that_were_wiped_on_the_way_are_back_before_decoding_however_long_it_took(
        int milliseconds, bool saysItKeepsAll, bool answersMeanwhile)
    {
        WakingSpace space = new(saysItKeepsAll) { Wakes = TimeSpan.FromMilliseconds(milliseconds), AnswersMeanwhile = answersMeanwhile };
        byte[] before = [.. space.Bytes];

        Assert.True(PowerTransition.TryMove(space, 0));

        Assert.Equal(before[..0x40], space.Bytes[..0x40]);
        Assert.Equal(0, space.Bytes[Power] & 3);
        Assert.False(space.HasDecodedWrongly);
    }

    [Fact]
    public void A_base_address_that_takes_its_time_is_written_again()
    {
        WakingSpace space = new(keepsAll: false) { IgnoredWrites = 3 };
        Assert.True(PowerTransition.TryMove(space, 0));
        Assert.Equal(0xFEBC0000u, BitConverter.ToUInt32(space.Bytes, Bar0));
        Assert.False(space.HasDecodedWrongly);
    }

    [Fact]
    public void One_that_never_takes_it_does_not_decode()
    {
        WakingSpace space = new(keepsAll: false) { IgnoredWrites = int.MaxValue };
        Assert.False(PowerTransition.TryMove(space, 0));
        Assert.Equal(0, space.Bytes[Command] & 3);
        Assert.False(space.HasDecodedWrongly);
    }

    [Fact]
    public void A_device_that_does_not_come_back_is_given_up_after_a_second()
    {
        WakingSpace space = new(keepsAll: false) { Wakes = TimeSpan.FromHours(1) };
        long start = Stopwatch.GetTimestamp();

        Assert.False(PowerTransition.TryMove(space, 0));

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1000, 1450);
    }

    [Fact]
    public void What_differs_of_a_bridge_is_written_back_once()
    {
        // Secondary Status, in the dword of the I/O window, clears on ones: it is never read back as it was.
        WakingSpace space = new(keepsAll: false) { ClearsOnOnes = 0x1E };
        space.Bytes[0x0E] = 0x01;
        space.Bytes[0x1C] = 0x11;
        space.Bytes[0x1E] = 0xA0;
        Assert.True(PowerTransition.TryMove(space, 0));
        Assert.Equal(0x11, space.Bytes[0x1C]);
    }

    /// <summary>A function in D3hot whose way up is a reset that takes its time.</summary>
    private sealed class WakingSpace : IConfigSpace
    {
        private long _asked;

        public WakingSpace(bool keepsAll)
        {
            Bytes = CapabilityWalkTests.Space("00=34127856 04=0601 06=1000 0c=10 10=0000bcfe 14=0c000000 18=12000000 34=40 40=0100 42=0300", 256);
            Bytes[Power] = (byte)(keepsAll ? 0x0B : 0x03);
        }

        public byte[] Bytes { get; }

        public TimeSpan Wakes { get; init; }

        /// <summary>Whether it answers while it resets itself, still in D3hot, or with all ones.</summary>
        public bool AnswersMeanwhile { get; init; }

        public int IgnoredWrites { get; set; }

        public int ClearsOnOnes { get; init; } = -1;

        /// <summary>Whether decoding was ever on over a base address that is not the function's.</summary>
        public bool HasDecodedWrongly { get; private set; }

        public int Size => 256;

        public bool TryRead(int offset, int size, out uint value)
        {
            Wake();
            value = 0;
            for (int i = size - 1; i >= 0; i--)
            {
                value = (value << 8) | (_asked != 0 && !AnswersMeanwhile ? (byte)0xFF : Bytes[offset + i]);
            }

            return true;
        }

        public bool TryWrite(int offset, int size, uint value)
        {
            Wake();
            if (offset == Power)
            {
                Assert.Equal(0u, value & 3);
                _asked = Stopwatch.GetTimestamp();
                return true;
            }

            if (_asked != 0 || (offset == Bar0 && IgnoredWrites-- > 0))
            {
                return true;
            }

            for (int i = 0; i < size; i++)
            {
                byte written = (byte)(value >> (8 * i));
                if (offset + i is 0x06 or 0x07)
                {
                    continue; // Status
                }

                Bytes[offset + i] = offset + i == ClearsOnOnes ? (byte)(Bytes[offset + i] & ~written) : written;
            }

            HasDecodedWrongly |= (Bytes[Command] & 3) != 0 && Bytes[0x0E] == 0 && BitConverter.ToUInt32(Bytes, Bar0) != 0xFEBC0000;
            return true;
        }

        private void Wake()
        {
            if (_asked == 0 || Stopwatch.GetElapsedTime(_asked) < Wakes)
            {
                return;
            }

            _asked = 0;
            Bytes[Power] &= 0xFC;
            Bytes.AsSpan(Command, 2).Clear();
            Bytes.AsSpan(0x0C, 1).Clear();
            Bytes.AsSpan(Bar0, 0x18).Clear();
        }
    }
}
