using System.Buffers.Binary;

namespace PciBackFlow.Hardware.Fuse;

/// <summary>One message of the kernel, as it lies in the buffer: struct fuse_in_header (40 bytes) and a body by opcode (linux/fuse.h).</summary>
public readonly ref struct FuseRequest
{
    /// <summary>Length of the header, in bytes.</summary>
    public const int HeaderSize = 40;

    /// <summary>Length of a write's body before its data, in bytes (struct fuse_write_in).</summary>
    public const int WriteHeaderSize = 40;

    private readonly ReadOnlySpan<byte> _message;

    private FuseRequest(ReadOnlySpan<byte> message) => _message = message;

    /// <summary>What is asked.</summary>
    public FuseOpcode Opcode => (FuseOpcode)BinaryPrimitives.ReadUInt32LittleEndian(_message[4..]);

    /// <summary>Names the request in its answer.</summary>
    public ulong Unique => BinaryPrimitives.ReadUInt64LittleEndian(_message[8..]);

    /// <summary>The node it is about; 1 is the root.</summary>
    public ulong Node => BinaryPrimitives.ReadUInt64LittleEndian(_message[16..]);

    /// <summary>A lookup's name, without its terminator.</summary>
    public ReadOnlySpan<byte> Name => Body.IndexOf((byte)0) is >= 0 and var end ? Body[..end] : Body;

    /// <summary>An open's flags, open(2)'s.</summary>
    public uint OpenFlags => Word(0);

    /// <summary>The open file of a read, write or release, as the open's answer named it.</summary>
    public ulong Handle => Long(0);

    /// <summary>Where a read or write begins; in a directory the last entry's own number.</summary>
    public ulong Offset => Long(8);

    /// <summary>How much a read asks for at most, in bytes.</summary>
    public uint Size => Word(16);

    /// <summary>What a write carries.</summary>
    public ReadOnlySpan<byte> Data
    {
        get
        {
            ReadOnlySpan<byte> data = Body.Length > WriteHeaderSize ? Body[WriteHeaderSize..] : default;
            return data[..(int)Math.Min((uint)data.Length, Size)];
        }
    }

    /// <summary>The protocol's major version in the first message.</summary>
    public uint MajorVersion => Word(0);

    private ReadOnlySpan<byte> Body => _message[HeaderSize..];

    /// <summary>Reads a message.</summary>
    /// <param name="message">What one read of the device returned.</param>
    /// <param name="request">The request, lying in <paramref name="message"/>.</param>
    /// <returns>Whether it is one whole message.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out FuseRequest request)
    {
        bool isWhole = message.Length >= HeaderSize && BinaryPrimitives.ReadUInt32LittleEndian(message) == (uint)message.Length;
        request = isWhole ? new(message) : default;
        return isWhole;
    }

    // What a short body lacks reads as 0.
    private uint Word(int at) => Body.Length >= at + 4 ? BinaryPrimitives.ReadUInt32LittleEndian(Body[at..]) : 0;

    private ulong Long(int at) => Body.Length >= at + 8 ? BinaryPrimitives.ReadUInt64LittleEndian(Body[at..]) : 0;
}
