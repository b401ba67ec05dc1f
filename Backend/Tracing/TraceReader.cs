namespace PciBackFlow.Backend.Tracing;

/// <summary>Reads a trace from a stream, record by record. Used by one thread; does not own the stream.</summary>
public sealed class TraceReader
{
    private const int KnownHeaderBytes = 24;

    private readonly Stream _stream;
    private readonly byte[] _record;
    private long _count;

    private TraceReader(Stream stream, byte[] header, int recordBytes, long epoch)
    {
        _stream = stream;
        _record = new byte[recordBytes];
        Header = header;
        Epoch = epoch;
    }

    /// <summary>The header as it was read.</summary>
    public ReadOnlyMemory<byte> Header { get; }

    /// <summary>When the host's monotonic clock was 0, in nanoseconds since 1970 (UTC).</summary>
    public long Epoch { get; }

    /// <summary>Reads the header.</summary>
    /// <param name="stream">The trace, from its first byte.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A reader of what follows.</returns>
    /// <exception cref="TraceFormatException">It is no trace, or one of another version.</exception>
    public static async ValueTask<TraceReader> OpenAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] known = new byte[KnownHeaderBytes];
        int count = await stream.ReadAtLeastAsync(known, known.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        (int headerBytes, int recordBytes, long epoch) = TraceFormat.ReadHeader(known.AsSpan(0, count));
        byte[] header = new byte[headerBytes];
        known.CopyTo(header, 0);
        Memory<byte> rest = header.AsMemory(known.Length);
        return await stream.ReadAtLeastAsync(rest, rest.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) == rest.Length
            ? new(stream, header, recordBytes, epoch)
            : throw new TraceFormatException("it is cut off in its header");
    }

    /// <summary>Reads the next record.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The record, until the next call; empty at the end.</returns>
    /// <exception cref="TraceFormatException">It is cut off.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        int count = await _stream.ReadAtLeastAsync(_record, _record.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (count == 0)
        {
            return default;
        }

        _count++;
        return count == _record.Length
            ? _record
            : throw new TraceFormatException($"it is cut off in record {_count}, after {count} of its {_record.Length} bytes");
    }

    /// <summary>Reads a whole trace.</summary>
    /// <param name="stream">The trace, from its first byte.</param>
    /// <returns>What it says, in its order.</returns>
    /// <exception cref="TraceFormatException">It is no trace that is understood.</exception>
    public static IEnumerable<TraceEvent> ReadAll(Stream stream)
    {
        TraceReader reader = OpenAsync(stream, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        TraceDecoder decoder = new();
        while (true)
        {
            ReadOnlyMemory<byte> record = reader.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (record.IsEmpty)
            {
                yield break;
            }

            if (decoder.Read(record.Span) is { } next)
            {
                yield return next;
            }
        }
    }
}
