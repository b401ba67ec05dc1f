using PciBackFlow.Hardware.Fuse;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Fuse;

/// <summary>Bytes as linux/fuse.h lays them out, written here by hand.</summary>
public sealed class FuseCodecTests
{
    private const string LookupOfSlots =
        "2e000000 01000000 1100000000000000 0100000000000000 00000000 00000000 39050000 00000000" // length 46, lookup, unique 0x11, node 1
        + "736c6f747300"; // "slots"

    private const string WriteOfTwoBytes =
        "52000000 10000000 1200000000000000 0200000000000000 00000000 00000000 39050000 00000000" // length 82, write, unique 0x12, node 2
        + "0700000000000000 0000000000000000 02000000 00000000 0000000000000000 01800000 00000000" // handle 7, offset 0, size 2
        + "6869";

    [Fact]
    public void A_lookup_is_read()
    {
        Assert.True(FuseRequest.TryParse(Bytes(LookupOfSlots), out FuseRequest request));

        Assert.Equal(FuseOpcode.Lookup, request.Opcode);
        Assert.Equal(0x11u, request.Unique);
        Assert.Equal(FuseNode.RootId, request.Node);
        Assert.Equal("slots", System.Text.Encoding.ASCII.GetString(request.Name));
    }

    [Fact]
    public void A_write_is_read()
    {
        Assert.True(FuseRequest.TryParse(Bytes(WriteOfTwoBytes), out FuseRequest request));

        Assert.Equal(FuseOpcode.Write, request.Opcode);
        Assert.Equal((7ul, 0ul, 2u), (request.Handle, request.Offset, request.Size));
        Assert.Equal("hi", System.Text.Encoding.ASCII.GetString(request.Data));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(39)]
    [InlineData(45)]
    [InlineData(47)]
    public void A_message_of_another_length_than_it_says_is_none(int length)
    {
        byte[] message = new byte[length];
        Bytes(LookupOfSlots).AsSpan(0, Math.Min(46, length)).CopyTo(message);

        Assert.False(FuseRequest.TryParse(message, out _));
    }

    [Fact]
    public void What_a_short_body_lacks_reads_as_nothing()
    {
        byte[] message = Bytes(WriteOfTwoBytes)[..40];
        message[0] = 40;

        Assert.True(FuseRequest.TryParse(message, out FuseRequest request));

        Assert.Equal((0ul, 0ul, 0u, 0u), (request.Handle, request.Offset, request.Size, request.OpenFlags));
        Assert.True(request.Data.IsEmpty);
        Assert.True(request.Name.IsEmpty);
    }

    [Fact]
    public void Answers_have_the_kernels_layout()
    {
        byte[] reply = new byte[256];
        Array.Fill(reply, (byte)0xEE);
        FuseNode node = new(5, FuseNode.File | 0x1A4, 4096);

        Same("10000000 feffffff 1100000000000000", FuseReply.Error(reply, 0x11, Errno.ENOENT));
        Same("10000000 00000000 1100000000000000", FuseReply.Error(reply, 0x11, Errno.None));
        Same("18000000 00000000 1100000000000000 03000000 00000000", FuseReply.Written(reply, 0x11, 3));
        Same("12000000 00000000 1100000000000000 6869", FuseReply.Data(reply, 0x11, "hi"u8));
        Same("20000000 00000000 1100000000000000 0900000000000000 01000000 00000000", FuseReply.Opened(reply, 0x11, 9));
        Same(
            "50000000 00000000 1100000000000000 07000000 1f000000 00000000 00000000 0000 0000 00100000" + new string('0', 80),
            FuseReply.Init(reply, 0x11, 4096));
        Same(
            "78000000 00000000 1100000000000000" + new string('0', 32) + AttributesOf5, FuseReply.Attributes(reply, 0x11, node));
        Same(
            "90000000 00000000 1100000000000000 0500000000000000" + new string('0', 64) + AttributesOf5, FuseReply.Entry(reply, 0x11, node));
        Same(
            "60000000 00000000 1100000000000000" + new string('0', 80) + "00100000 ff000000 00100000" + new string('0', 56), FuseReply.FileSystem(reply, 0x11));

        void Same(string expected, int length) => Assert.Equal(Convert.ToHexString(Bytes(expected)), Convert.ToHexString(reply.AsSpan(0, length)));
    }

    [Fact]
    public void Directory_entries_are_padded_and_never_cut()
    {
        byte[] entries = new byte[64];

        Assert.Equal(32, FuseReply.AppendEntry(entries, 1, new(2, FuseNode.File, 0), "slots"u8));
        Assert.Equal("020000000000000001000000000000000500000008000000736C6F7473000000", Convert.ToHexString(entries.AsSpan(0, 32)));
        Assert.Equal(0, FuseReply.AppendEntry(entries.AsSpan(0, 31), 1, new(2, FuseNode.File, 0), "slots"u8));
        Assert.Equal(24 + 8, FuseReply.AppendEntry(entries, 1, new(2, FuseNode.Link, 0), "12345678"u8));
    }

    // ino, size, blocks, three times and their nanoseconds, mode 0100644, one link, root's, no device, blocks of 4096.
    private static readonly string AttributesOf5 =
        "0500000000000000 0010000000000000" + new string('0', 88)
        + "a4810000 01000000 00000000 00000000 00000000 00100000 00000000";

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
