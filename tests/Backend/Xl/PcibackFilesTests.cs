using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Hardware.Fuse;

namespace PciBackFlow.Backend.Tests.Xl;

/// <summary>The directory as the kernel asks for it, without a kernel.</summary>
public sealed class PcibackFilesTests : IDisposable
{
    private readonly ListedCustody _custody = new("0000:00:04.0", "10000:01:1f.7");
    private readonly PcibackFiles _files;
    private readonly byte[] _reply = new byte[FuseConnection.BufferSize];

    public PcibackFilesTests() => _files = new(new(_custody, new(), NullLogger.Instance));

    public void Dispose() => _custody.Dispose();

    [Theory]
    [InlineData("slots", 0x8124u)] // S_IFREG, r--r--r--
    [InlineData("new_slot", 0x8080u)] // -w-------
    [InlineData("permissive", 0x81A4u)] // rw-r--r--
    [InlineData("0000:00:04.0", 0xA1FFu)] // S_IFLNK
    [InlineData("10000:01:1f.7", 0xA1FFu)]
    public void A_name_leads_to_its_node(string name, uint mode)
    {
        ulong node = LookUp(name);

        Assert.Equal(mode, BitConverter.ToUInt32(Ask(FuseOpcode.GetAttributes, node, []), 16 + 60));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nothing")]
    [InlineData("0000:00:05.0")]
    [InlineData("00:04.0")]
    [InlineData("0000:00:04.0 ")]
    [InlineData("SLOTS")]
    public void Another_name_is_not_there(string name) => Assert.Equal(-2, Error(FuseOpcode.Lookup, 1, Terminated(name)));

    [Fact]
    public void A_device_is_a_link_to_its_directory() =>
        Assert.Equal("/sys/bus/pci/devices/0000:00:04.0", Encoding.ASCII.GetString(Ask(FuseOpcode.ReadLink, LookUp("0000:00:04.0"), [])));

    [Fact]
    public void A_device_given_back_is_gone_at_once()
    {
        ulong node = LookUp("0000:00:04.0");

        _custody.GiveBack(Pci.PciAddress.Parse("0000:00:04.0"), rebind: false, force: false);

        Assert.Equal(-2, Error(FuseOpcode.GetAttributes, node, []));
        Assert.Equal(-2, Error(FuseOpcode.Lookup, 1, Terminated("0000:00:04.0")));
    }

    [Theory]
    [InlineData(30)]
    [InlineData(200)]
    [InlineData(100_000)]
    public void A_directory_is_listed_whole_in_reads_of_any_size(int size)
    {
        ulong handle = BitConverter.ToUInt64(Ask(FuseOpcode.OpenDirectory, 1, Words(0, 0)));
        List<string> names = [];
        ulong last = 0;
        while (Ask(FuseOpcode.ReadDirectory, 1, ReadBody(handle, last, Math.Max(size, 48))) is { Length: > 0 } entries)
        {
            for (int at = 0; at < entries.Length; at += (24 + BitConverter.ToInt32(entries, at + 16) + 7) & ~7)
            {
                last = BitConverter.ToUInt64(entries, at + 8);
                names.Add(Encoding.ASCII.GetString(entries, at + 24, BitConverter.ToInt32(entries, at + 16)));
            }
        }

        Assert.Equal(
            [
                ".", "..", "new_slot", "remove_slot", "slots", "bind", "unbind", "do_flr", "permissive", "allow_interrupt_control", "quirks",
                "irq_handlers", "irq_handler_state", "0000:00:04.0", "10000:01:1f.7",
            ],
            names);
    }

    [Fact]
    public void A_reader_sees_the_file_as_it_was_when_he_opened_it()
    {
        ulong node = LookUp("slots");
        ulong handle = Open(node, 0);
        string first = Encoding.ASCII.GetString(Ask(FuseOpcode.Read, node, ReadBody(handle, 0, 5)));
        _custody.GiveBack(Pci.PciAddress.Parse("0000:00:04.0"), rebind: false, force: false);
        string rest = Encoding.ASCII.GetString(Ask(FuseOpcode.Read, node, ReadBody(handle, 5, 4096)));

        Assert.Equal("0000:00:04.0\n10000:01:1f.7\n", first + rest);
        Assert.Empty(Ask(FuseOpcode.Read, node, ReadBody(handle, 1000, 4096)));
        Ask(FuseOpcode.Release, node, Words(0, 0, 0));
        Assert.Equal("10000:01:1f.7\n", Encoding.ASCII.GetString(Ask(FuseOpcode.Read, node, ReadBody(Open(node, 0), 0, 4096))));
    }

    [Theory]
    [InlineData("slots", 1u)] // O_WRONLY
    [InlineData("slots", 2u)] // O_RDWR
    [InlineData("bind", 0u)] // O_RDONLY
    public void A_file_opens_only_for_what_it_can_do(string name, uint flags) => Assert.Equal(-13, Error(FuseOpcode.Open, LookUp(name), Words(flags)));

    [Fact]
    public void A_write_is_answered_with_its_outcome()
    {
        ulong node = LookUp("remove_slot");
        ulong handle = Open(node, 0x201); // O_WRONLY | O_TRUNC, as a shell opens it
        Assert.True(Ask(FuseOpcode.SetAttributes, node, new byte[88]).Length > 0);

        Assert.Equal(12u, BitConverter.ToUInt32(Ask(FuseOpcode.Write, node, WriteBody(handle, "0000:00:04.0"))));
        Assert.Equal(-2, Error(FuseOpcode.Write, node, WriteBody(handle, "0000:00:04.0")));
        Assert.Equal(-22, Error(FuseOpcode.Write, node, WriteBody(handle, "")));
        Assert.Equal(["give back 0000:00:04.0"], _custody.Asked);
    }

    [Theory]
    [InlineData(9u)] // mkdir
    [InlineData(10u)] // unlink
    [InlineData(25u)] // flush
    [InlineData(35u)] // create
    [InlineData(0u)]
    [InlineData(0xFFFFFFFFu)]
    public void What_such_a_directory_has_not_is_not_implemented(uint opcode) => Assert.Equal(-38, Error((FuseOpcode)opcode, 1, new byte[64]));

    [Theory]
    [InlineData(FuseOpcode.Forget)]
    [InlineData(FuseOpcode.BatchForget)]
    [InlineData(FuseOpcode.Interrupt)]
    public void What_wants_no_answer_gets_none(FuseOpcode opcode) => Assert.Equal(0, Answer(opcode, 1, new byte[16]));

    [Fact]
    public void Open_files_are_bounded()
    {
        ulong node = LookUp("slots");
        for (int i = 0; i < 1024; i++)
        {
            Open(node, 0);
        }

        Assert.Equal(-12, Error(FuseOpcode.Open, node, Words(0)));
    }

    [Fact]
    public void No_message_at_all_makes_it_throw()
    {
        Random random = new(3);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] body = new byte[random.Next(60)];
            random.NextBytes(body);
            ulong node =
                random.Next(3) switch { 0 => (ulong)random.Next(16), 1 => (1UL << 56) | (ulong)random.NextInt64(1L << 50), _ => (ulong)random.NextInt64() };
            Assert.InRange(Answer((FuseOpcode)random.Next(1, 52), node, body), 0, _reply.Length);
        }
    }

    private ulong LookUp(string name) => BitConverter.ToUInt64(Ask(FuseOpcode.Lookup, 1, Terminated(name)));

    private ulong Open(ulong node, uint flags) => BitConverter.ToUInt64(Ask(FuseOpcode.Open, node, Words(flags)));

    private int Error(FuseOpcode opcode, ulong node, byte[] body)
    {
        Assert.Equal(16, Answer(opcode, node, body));
        return BitConverter.ToInt32(_reply, 4);
    }

    private byte[] Ask(FuseOpcode opcode, ulong node, byte[] body)
    {
        int length = Answer(opcode, node, body);
        Assert.Equal((length, 0), (BitConverter.ToInt32(_reply, 0), BitConverter.ToInt32(_reply, 4)));
        return _reply[16..length];
    }

    private int Answer(FuseOpcode opcode, ulong node, byte[] body)
    {
        byte[] message = new byte[FuseRequest.HeaderSize + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), (uint)opcode);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(16), node);
        body.CopyTo(message, FuseRequest.HeaderSize);
        Assert.True(FuseRequest.TryParse(message, out FuseRequest request));
        return _files.Answer(request, _reply);
    }

    private static byte[] Terminated(string name) => [.. Encoding.ASCII.GetBytes(name), 0];

    private static byte[] Words(params uint[] words) => [.. words.SelectMany(BitConverter.GetBytes)];

    private static byte[] ReadBody(ulong handle, ulong offset, int size) =>
        [.. BitConverter.GetBytes(handle), .. BitConverter.GetBytes(offset), .. Words((uint)size, 0, 0, 0, 0, 0)];

    private static byte[] WriteBody(ulong handle, string text) => [.. ReadBody(handle, 0, text.Length), .. Encoding.ASCII.GetBytes(text)];
}
