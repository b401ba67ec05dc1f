using System.Buffers.Binary;

namespace PciBackFlow.Backend.Tracing;

/// <summary>
/// The format of a trace, on the wire and in a file (docs/trace.md): a header, then records of one size, each with its kind in the first two bytes. Little
/// endian. A reader skips kinds that it does not know, and what a record has behind those bytes that it knows; another version it refuses.
/// </summary>
public static class TraceFormat
{
    /// <summary>What a trace begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "PBFTRACE"u8;

    /// <summary>The version that is written, and the only one that is read.</summary>
    public const ushort Version = 1;

    /// <summary>Bytes of the header that is written; those behind the first 24 are 0.</summary>
    public const int HeaderBytes = 64;

    /// <summary>Bytes of a record that is written: at least so many has every trace of this version.</summary>
    public const int RecordBytes = Stages.Tracing.TraceRecord.Bytes;

    /// <summary>The most that a header or a record may have.</summary>
    public const int MostBytes = 4096;

    /// <summary>Kind of a record: a register of some permissions has a name.</summary>
    public const ushort RegisterKind = 2;

    /// <summary>Kind of a record: records that are missing from here.</summary>
    public const ushort GapKind = 3;

    private const int KnownHeaderBytes = 24;

    /// <summary>A header.</summary>
    /// <param name="epoch">When the host's monotonic clock was 0, in nanoseconds since 1970 (UTC).</param>
    /// <returns>Its bytes.</returns>
    public static byte[] Header(long epoch)
    {
        byte[] header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(10), HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), RecordBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), epoch);
        return header;
    }

    /// <summary>Reads the first bytes of a header.</summary>
    /// <param name="bytes">At least 24 bytes.</param>
    /// <returns>Bytes of the header in all, bytes of each record, and when the monotonic clock was 0.</returns>
    /// <exception cref="TraceFormatException">It is no trace, or one of another version.</exception>
    public static (int HeaderBytes, int RecordBytes, long Epoch) ReadHeader(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < KnownHeaderBytes || !bytes.StartsWith(Magic))
        {
            throw new TraceFormatException("it is no trace of pcibackflow");
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        if (version != Version)
        {
            throw new TraceFormatException($"it is of version {version}; this program reads version {Version}");
        }

        ushort header = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        uint record = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        return header is >= KnownHeaderBytes and <= MostBytes && record is >= RecordBytes and <= MostBytes
            ? (header, (int)record, BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]))
            : throw new TraceFormatException($"its header says {header} bytes for itself and {record} for a record; this cannot be");
    }

    /// <summary>A record that says how many are missing.</summary>
    /// <param name="target">Receives it.</param>
    /// <param name="overflown">That found no room on their shard, wanted or not.</param>
    /// <param name="behind">That were wanted and found no room on their way to the reader.</param>
    public static void WriteGap(Span<byte> target, long overflown, long behind)
    {
        target[..RecordBytes].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(target, GapKind);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], overflown);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], behind);
    }
}
