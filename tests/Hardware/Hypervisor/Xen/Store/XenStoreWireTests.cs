using System.Text;
using CsCheck;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Xen.Store;

/// <summary>Bytes written by hand from Xen's docs/misc/xenstore.txt and public/io/xs_wire.h.</summary>
public sealed class XenStoreWireTests
{
    public static TheoryData<XenStoreMessageType, uint, uint, byte[], string> Requests => new()
    {
        { XenStoreMessageType.Read, 1, 0, XenStoreWire.Strings("/a"), "02000000 01000000 00000000 03000000 2F6100" },
        { XenStoreMessageType.Directory, 0x01020304, 0, XenStoreWire.Strings("/"), "01000000 04030201 00000000 02000000 2F00" },
        { XenStoreMessageType.GetPermissions, 2, 0, XenStoreWire.Strings("/a"), "03000000 02000000 00000000 03000000 2F6100" },
        { XenStoreMessageType.Watch, 3, 0, XenStoreWire.Strings("/a", "t"), "04000000 03000000 00000000 05000000 2F61007400" },
        { XenStoreMessageType.Unwatch, 3, 0, XenStoreWire.Strings("/a", "t"), "05000000 03000000 00000000 05000000 2F61007400" },
        { XenStoreMessageType.TransactionStart, 4, 0, XenStoreWire.Strings(""), "06000000 04000000 00000000 01000000 00" },
        { XenStoreMessageType.TransactionEnd, 5, 9, XenStoreWire.Strings("T"), "07000000 05000000 09000000 02000000 5400" },
        { XenStoreMessageType.Write, 6, 9, XenStoreWire.PathAndValue("/a", "1é"), "0B000000 06000000 09000000 06000000 2F6100 31C3A9" },
        { XenStoreMessageType.Write, 6, 0, XenStoreWire.PathAndValue("/a", ""), "0B000000 06000000 00000000 03000000 2F6100" },
        { XenStoreMessageType.MakeDirectory, 7, 0, XenStoreWire.Strings("/a"), "0C000000 07000000 00000000 03000000 2F6100" },
        { XenStoreMessageType.Remove, 8, 0, XenStoreWire.Strings("/a"), "0D000000 08000000 00000000 03000000 2F6100" },
        { XenStoreMessageType.SetPermissions, 9, 0, XenStoreWire.Strings("/a", "n0", "r7"), "0E000000 09000000 00000000 09000000 2F6100 6E3000 723700" },
        { XenStoreMessageType.DirectoryPart, 10, 0, XenStoreWire.Strings("/a", "12"), "16000000 0A000000 00000000 06000000 2F6100 313200" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_is_these_bytes(XenStoreMessageType type, uint request, uint transaction, byte[] payload, string bytes) =>
        Assert.Equal(bytes.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(XenStoreWire.Encode(type, request, transaction, payload)));

    [Fact]
    public void A_request_is_at_most_4096_bytes_with_its_header()
    {
        Assert.Equal(4096, XenStoreWire.Encode(XenStoreMessageType.Write, 1, 0, new byte[4080]).Length);
        Assert.Equal(Errno.E2BIG, Assert.Throws<HypervisorException>(() => XenStoreWire.Encode(XenStoreMessageType.Write, 1, 0, new byte[4081])).Errno);
    }

    [Fact]
    public void Answers_are_found_however_the_bytes_are_cut()
    {
        byte[] stream = Convert.FromHexString(
            "02000000" + "01000000" + "00000000" + "03000000" + "616263"
            + "0F000000" + "00000000" + "00000000" + "07000000" + "2F612F62003700"
            + "0B000000" + "02000000" + "05000000" + "03000000" + "4F4B00"
            + "02000000" + "03000000" + "00000000" + "00000000");
        (XenStoreMessageType, uint, uint, string)[] expected =
        [
            (XenStoreMessageType.Read, 1, 0, "abc"),
            (XenStoreMessageType.WatchEvent, 0, 0, "/a/b\07\0"),
            (XenStoreMessageType.Write, 2, 5, "OK\0"),
            (XenStoreMessageType.Read, 3, 0, ""),
        ];

        Assert.Equal(expected, Decode(new XenStoreDecoder(), [stream]));
        for (int cut = 0; cut <= stream.Length; cut++)
        {
            Assert.Equal(expected, Decode(new XenStoreDecoder(), [stream[..cut], stream[cut..]]));
        }

        Assert.Equal(expected, Decode(new XenStoreDecoder(), stream.Select(b => new[] { b })));
    }

    [Fact]
    public void The_longest_payload_is_taken_and_a_longer_one_breaks_the_stream()
    {
        var decoder = new XenStoreDecoder();
        byte[] longest = ScriptedTransport.Message(2, 1, new byte[4096]);
        Assert.Single(Decode(decoder, [longest]));

        byte[] tooLong = Convert.FromHexString("02000000" + "01000000" + "00000000" + "01100000");
        Assert.Equal(Errno.EIO, Assert.Throws<HypervisorException>(() => Decode(decoder, [tooLong])).Errno);
        Assert.Equal(Errno.EIO, Assert.Throws<HypervisorException>(() => Decode(decoder, [longest])).Errno);
    }

    [Fact]
    public void Any_bytes_at_all_are_decoded_or_refused_with_EIO() =>
        Gen.Byte.Array[0, 64].Array[0, 4].Sample(pieces =>
        {
            try
            {
                foreach ((XenStoreMessageType type, _, _, string text) in Decode(new XenStoreDecoder(), pieces))
                {
                    ReadOnlySpan<byte> payload = Encoding.Latin1.GetBytes(text);
                    XenStoreWire.DecodeStrings(payload);
                    XenStoreWire.DecodeError(payload);
                    XenStoreWire.TryDecodePermission(text, out _);
                }
            }
            catch (HypervisorException e)
            {
                Assert.Equal(Errno.EIO, e.Errno);
            }
        });

    [Theory]
    [InlineData("ENOENT\0", Errno.ENOENT)]
    [InlineData("E2BIG\0", Errno.E2BIG)]
    [InlineData("EAGAIN", Errno.EAGAIN)]
    [InlineData("", Errno.EIO)]
    [InlineData("\0", Errno.EIO)]
    [InlineData("E\0", Errno.EIO)]
    [InlineData("no such thing\0", Errno.EIO)]
    [InlineData("Enoent\0", Errno.EIO)]
    [InlineData("EFUTURE\0", Errno.EIO)]
    [InlineData("EAVERYLONGNAMETHATNOERRNOEVERHADEVER\0", Errno.EIO)]
    public void An_error_is_its_name_or_EIO(string payload, Errno errno) =>
        Assert.Equal(errno, XenStoreWire.DecodeError(Encoding.ASCII.GetBytes(payload)));

    [Theory]
    [InlineData("n0", 0, XenStoreAccess.None)]
    [InlineData("r7", 7, XenStoreAccess.Read)]
    [InlineData("w32751", 32751, XenStoreAccess.Write)]
    [InlineData("b1", 1, XenStoreAccess.Both)]
    public void A_permission_is_a_letter_and_a_domain(string text, int domain, XenStoreAccess access)
    {
        Assert.True(XenStoreWire.TryDecodePermission(text, out XenStorePermission permission));
        Assert.Equal(new XenStorePermission(domain, access), permission);
        Assert.Equal(text, XenStoreWire.EncodePermission(permission));
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("7")]
    [InlineData("x7")]
    [InlineData("r-1")]
    [InlineData("r 1")]
    [InlineData("r99999999999")]
    public void What_is_no_permission_is_refused(string text) => Assert.False(XenStoreWire.TryDecodePermission(text, out _));

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("a\0", new[] { "a" })]
    [InlineData("a\0b\0", new[] { "a", "b" })]
    [InlineData("a\0b", new[] { "a", "b" })]
    [InlineData("\0\0", new[] { "", "" })]
    public void Strings_end_with_NUL_and_the_last_may_lack_it(string payload, string[] strings) =>
        Assert.Equal(strings, XenStoreWire.DecodeStrings(Encoding.ASCII.GetBytes(payload)));

    private static List<(XenStoreMessageType Type, uint Request, uint Transaction, string Payload)> Decode(
        XenStoreDecoder decoder, IEnumerable<byte[]> pieces)
    {
        var messages = new List<(XenStoreMessageType, uint, uint, string)>();
        foreach (byte[] piece in pieces)
        {
            ReadOnlySpan<byte> bytes = piece;
            while (decoder.TryDecode(ref bytes, out XenStoreMessage message))
            {
                messages.Add((message.Type, message.RequestId, message.TransactionId, Encoding.Latin1.GetString(message.Payload.Span)));
            }

            Assert.True(bytes.IsEmpty);
        }

        return messages;
    }
}
