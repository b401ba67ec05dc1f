using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using PciBackFlow.Filter.Map;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tracing;

/// <summary>
/// One reader's share of the trace: what it wants, in a bounded channel. A reader that does not keep up loses records, which are counted and said in their
/// place; nobody waits for it. The hub's thread writes, one other thread reads; disposed by the reader.
/// </summary>
public sealed class TraceSubscription : IDisposable
{
    /// <summary>Batches that wait at most: with <see cref="BatchBytes"/> four megabytes for each reader.</summary>
    public const int MostBatches = 64;

    /// <summary>Bytes of a batch at most.</summary>
    public const int BatchBytes = 64 << 10;

    // For what waits in the channel when the trace ends.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1);

    private readonly Channel<TraceBatch> _batches =
        Channel.CreateBounded<TraceBatch>(new BoundedChannelOptions(MostBatches) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource _givenUp = new();
    private readonly TraceFilter _filter;
    private readonly Action<TraceSubscription> _leave;
    private readonly Dictionary<ConfigSpaceMap, uint> _permissions = [];
    private readonly HashSet<ConfigSpaceMap> _said = [];
    private uint _lastPermissions;
    private int _losses;
    private byte[]? _buffer;
    private int _length;
    private int _requests;
    private long _overflown;
    private long _behind;
    private long _missed;

    internal TraceSubscription(TraceFilter filter, Action<TraceSubscription> leave)
    {
        _filter = filter;
        _leave = leave;
    }

    /// <summary>What comes, until the daemon ends. Each batch is to be given back.</summary>
    public ChannelReader<TraceBatch> Batches => _batches.Reader;

    /// <summary>Cancelled when the hub has ended the trace, and its reader has had a second for the rest. Before <see cref="Dispose"/>.</summary>
    public CancellationToken GivenUp => _givenUp.Token;

    /// <summary>Ends the subscription.</summary>
    public void Dispose() => _leave(this);

    /// <summary>Requests that it lost because it did not keep up. Any thread.</summary>
    internal long Missed => Volatile.Read(ref _missed);

    /// <summary>Hub: a request was answered.</summary>
    internal void Add(in TraceSlot slot)
    {
        if (!_filter.Matches(slot.Record))
        {
            return;
        }

        TraceRecord record = slot.Record;
        record.Permissions = slot.Permissions is { } map ? NumberOf(map) : 0;
        MemoryMarshal.Write(Room(), record);
        _requests++;
    }

    /// <summary>Hub: records found no room on a shard.</summary>
    internal void AddOverflown(long count) => _overflown += count;

    /// <summary>Hub: sends what has come together.</summary>
    internal void Flush()
    {
        if (_overflown + _behind > 0)
        {
            // Said before what follows it; when even that finds no room, it is said later.
            byte[] gap = ArrayPool<byte>.Shared.Rent(TraceFormat.RecordBytes);
            TraceFormat.WriteGap(gap, _overflown, _behind);
            TraceBatch said = new(gap, TraceFormat.RecordBytes, 0);
            if (_batches.Writer.TryWrite(said))
            {
                (_overflown, _behind) = (0, 0);
            }
            else
            {
                said.Return();
            }
        }

        if (_buffer is not { } buffer)
        {
            return;
        }

        TraceBatch batch = new(buffer, _length, _requests);
        if (_overflown + _behind > 0 || !_batches.Writer.TryWrite(batch))
        {
            _behind += _requests;
            Volatile.Write(ref _missed, _missed + _requests);

            // Names of registers may be among what is lost: they are said again, under the number that they have, or a reader that is often too slow would
            // be told of ever more permissions.
            _said.Clear();
            _losses++;
            batch.Return();
        }

        _buffer = null;
        (_length, _requests) = (0, 0);
    }

    /// <summary>Hub: nothing comes any more. Before <see cref="Drain"/>.</summary>
    internal void Complete()
    {
        _batches.Writer.TryComplete();
        _givenUp.CancelAfter(EndPatience);
    }

    /// <summary>Reader's end: gives back what was not read. The hub does not write any more.</summary>
    internal void Drain()
    {
        _batches.Writer.TryComplete();
        _givenUp.Dispose();
        while (_batches.Reader.TryRead(out TraceBatch batch))
        {
            batch.Return();
        }

        if (_buffer is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _buffer = null;
        }
    }

    private uint NumberOf(ConfigSpaceMap map)
    {
        if (!_permissions.TryGetValue(map, out uint number))
        {
            _permissions[map] = number = ++_lastPermissions;
        }

        if (_said.Contains(map))
        {
            return number;
        }

        int losses = _losses;
        foreach (TraceRegister register in TraceRegister.Of(number, map))
        {
            register.Write(Room());
        }

        if (losses == _losses)
        {
            _said.Add(map);
        }

        return number;
    }

    private Span<byte> Room()
    {
        if (_length + TraceFormat.RecordBytes > BatchBytes)
        {
            Flush();
        }

        _buffer ??= ArrayPool<byte>.Shared.Rent(BatchBytes);
        Span<byte> room = _buffer.AsSpan(_length, TraceFormat.RecordBytes);
        _length += TraceFormat.RecordBytes;
        return room;
    }
}
