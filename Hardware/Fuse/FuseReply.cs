using System.Buffers.Binary;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Fuse;

/// <summary>
/// Answers to the kernel: struct fuse_out_header (length, negative error, the request's number) and a body (linux/fuse.h, protocol 7.31: every
/// kernel of at least that version speaks it). Nothing may be cached: what a name or file is can change at any time.
/// Each method writes one answer into a buffer of at least <see cref="MaxFixedSize"/> bytes and returns its length.
/// </summary>
public static class FuseReply
{
    /// <summary>Length of the header, in bytes.</summary>
    public const int HeaderSize = 16;

    /// <summary>Longest answer without data, in bytes.</summary>
    public const int MaxFixedSize = HeaderSize + EntrySize;

    private const int EntrySize = 128;
    private const int AttributesSize = 104;
    private const int NodeSize = 88;
    private const int OpenSize = 16;
    private const int InitSize = 64;
    private const int StatSize = 80;
    private const uint MajorVersion = 7;
    private const uint MinorVersion = 31;
    private const uint DirectIo = 1; // FOPEN_DIRECT_IO: each read and write comes here, as the program made it
    private const int EntryHeaderSize = 24;

    /// <summary>The request failed, or (0) succeeded and has nothing to say.</summary>
    /// <param name="reply">The buffer.</param>
    /// <param name="unique">The request.</param>
    /// <param name="error">Why it failed; none for success.</param>
    /// <returns>The answer's length.</returns>
    public static int Error(Span<byte> reply, ulong unique, Errno error)
    {
        int length = Header(reply, unique, 0);
        BinaryPrimitives.WriteInt32LittleEndian(reply[4..], -(int)error);
        return length;
    }

    /// <summary>The protocol's version, and the most bytes one write may carry. Without abilities: requests come one by one and whole.</summary>
    /// <param name="reply">The buffer.</param>
    /// <param name="unique">The request.</param>
    /// <param name="maxWrite">At least 4096, the kernel's own minimum.</param>
    /// <returns>The answer's length.</returns>
    public static int Init(Span<byte> reply, ulong unique, int maxWrite)
    {
        Span<byte> body = Body(reply, InitSize);
        BinaryPrimitives.WriteUInt32LittleEndian(body, MajorVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], MinorVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(body[20..], (uint)maxWrite);
        return Header(reply, unique, InitSize);
    }

    /// <summary>What a name stands for.</summary>
    /// <param name="reply">The buffer.</param>
    /// <param name="unique">The request.</param>
    /// <param name="node">The node of that name.</param>
    /// <returns>The answer's length.</returns>
    public static int Entry(Span<byte> reply, ulong unique, in FuseNode node)
    {
        Span<byte> body = Body(reply, EntrySize);
        BinaryPrimitives.WriteUInt64LittleEndian(body, node.Id);
        WriteNode(body[40..], node);
        return Header(reply, unique, EntrySize);
    }

    /// <summary>A node's attributes.</summary>
    /// <param name="reply">The buffer.</param>
    /// <param name="unique">The request.</param>
    /// <param name="node">The node.</param>
    /// <returns>The answer's length.</returns>
    public static int Attributes(Span<byte> reply, ulong unique, in FuseNode node)
    {
        WriteNode(Body(reply, AttributesSize)[16..], node);
        return Header(reply, unique, AttributesSize);
    }

    /// <summary>A file or directory is open.</summary>
    /// <param name="reply">The buffer.</param>
    /// <param name="unique">The request.</param>
    /// <param name="handle">What later requests call it.</param>
    /// <returns>The answer's length.</returns>
    public static int Opened(Span<byte> reply, ulong unique, ulong handle)
    {
        Span<byte> body = Body(reply, OpenSize);
        BinaryPrimitives.WriteUInt64LittleEndian(body, handle);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], DirectIo);
        return Header(reply, unique, OpenSize);
    }

    /// <summary>Bytes of a file, or where a link leads.</summary>
    /// <param name="reply">The buffer, at least <see cref="HeaderSize"/> longer than the data.</param>
    /// <param name="unique">The request.</param>
    /// <param name="data">The bytes; none at the end of the file.</param>
    /// <returns>The answer's length.</returns>
    public static int Data(Span<byte> reply, ulong unique, ReadOnlySpan<byte> data)
    {
        data.CopyTo(reply[HeaderSize..]);
        return Header(reply, unique, data.Length);
    }

    /// <summary>All of a write was taken.</summary>
    /// <param name="reply">The buffer.</param>
    /// <param name="unique">The request.</param>
    /// <param name="count">Its length in bytes.</param>
    /// <returns>The answer's length.</returns>
    public static int Written(Span<byte> reply, ulong unique, int count)
    {
        const int WriteSize = 8;
        BinaryPrimitives.WriteUInt32LittleEndian(Body(reply, WriteSize), (uint)count);
        return Header(reply, unique, WriteSize);
    }

    /// <summary>The file system's size: none, like sysfs.</summary>
    /// <param name="reply">The buffer.</param>
    /// <param name="unique">The request.</param>
    /// <returns>The answer's length.</returns>
    public static int FileSystem(Span<byte> reply, ulong unique)
    {
        const uint Block = 4096;
        const uint LongestName = 255;
        Span<byte> body = Body(reply, StatSize);
        BinaryPrimitives.WriteUInt32LittleEndian(body[40..], Block);
        BinaryPrimitives.WriteUInt32LittleEndian(body[44..], LongestName);
        BinaryPrimitives.WriteUInt32LittleEndian(body[48..], Block);
        return Header(reply, unique, StatSize);
    }

    /// <summary>Appends one directory entry (struct fuse_dirent), padded to 8 bytes.</summary>
    /// <param name="entries">The rest of the space for entries.</param>
    /// <param name="number">What a later request says to go on behind it: 1 for the first.</param>
    /// <param name="node">The entry's node.</param>
    /// <param name="name">Its name.</param>
    /// <returns>How many bytes were used; 0 when it does not fit.</returns>
    public static int AppendEntry(Span<byte> entries, ulong number, in FuseNode node, ReadOnlySpan<byte> name)
    {
        int length = (EntryHeaderSize + name.Length + 7) & ~7;
        if (length > entries.Length)
        {
            return 0;
        }

        entries[..length].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(entries, node.Id);
        BinaryPrimitives.WriteUInt64LittleEndian(entries[8..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(entries[16..], (uint)name.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entries[20..], node.EntryType);
        name.CopyTo(entries[EntryHeaderSize..]);
        return length;
    }

    /// <summary>Writes the header of an answer whose body lies behind it already.</summary>
    /// <param name="reply">The buffer.</param>
    /// <param name="unique">The request.</param>
    /// <param name="bodyLength">The body's length, in bytes.</param>
    /// <returns>The answer's length.</returns>
    public static int Header(Span<byte> reply, ulong unique, int bodyLength)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(reply, (uint)(HeaderSize + bodyLength));
        BinaryPrimitives.WriteInt32LittleEndian(reply[4..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(reply[8..], unique);
        return HeaderSize + bodyLength;
    }

    private static Span<byte> Body(Span<byte> reply, int size)
    {
        Span<byte> body = reply.Slice(HeaderSize, size);
        body.Clear();
        return body;
    }

    // struct fuse_attr.
    private static void WriteNode(Span<byte> at, in FuseNode node)
    {
        const uint Block = 4096;
        at = at[..NodeSize];
        BinaryPrimitives.WriteUInt64LittleEndian(at, node.Id);
        BinaryPrimitives.WriteUInt64LittleEndian(at[8..], node.Size);
        BinaryPrimitives.WriteUInt32LittleEndian(at[60..], node.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(at[64..], (node.Mode & 0xF000) == FuseNode.Directory ? 2u : 1u);
        BinaryPrimitives.WriteUInt32LittleEndian(at[80..], Block);
    }
}
