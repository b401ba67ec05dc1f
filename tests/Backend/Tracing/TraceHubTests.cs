using System.Runtime.CompilerServices;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tests.Tracing;

public sealed class TraceHubTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Nothing_is_traced_while_nobody_looks()
    {
        ShardTrace[] shards = [new(0), new(1)];
        using TraceHub hub = new(shards);
        Assert.DoesNotContain(shards, static shard => shard.IsOn);

        TraceSubscription first = hub.Subscribe(new());
        TraceSubscription second = hub.Subscribe(new());
        Assert.All(shards, static shard => Assert.True(shard.IsOn));
        first.Dispose();
        Assert.All(shards, static shard => Assert.True(shard.IsOn));
        second.Dispose();
        second.Dispose();
        Assert.DoesNotContain(shards, static shard => shard.IsOn);

        using TraceSubscription again = hub.Subscribe(new());
        Write(shards[1], 5);
        Assert.Equal(5, Requests(again, 5).Count);
    }

    [Fact]
    public void Each_reader_gets_what_it_wants_of_all_shards_in_their_order()
    {
        ShardTrace[] shards = [new(0), new(1)];
        using TraceHub hub = new(shards);
        using TraceSubscription all = hub.Subscribe(new());
        using TraceSubscription denied = hub.Subscribe(new(IsDenied: true));

        Write(shards[0], 300);
        Write(shards[1], 300, denied: true);

        List<TraceRecord> seen = Requests(all, 600);
        foreach (int shard in new[] { 0, 1 })
        {
            Assert.Equal(
                Enumerable.Range(0, 300).Select(static i => (ulong)i), seen.Where(record => record.Shard == shard).Select(static record => record.Sequence));
        }

        Assert.All(Requests(denied, 300), static record => Assert.Equal(1, record.Shard));
    }

    /// <summary>Nobody waits for a reader that does not read: its records are dropped and counted, and what it reads later says so.</summary>
    [Fact]
    public void A_reader_that_does_not_read_loses_records_which_are_counted_and_others_do_not_notice()
    {
        const int Most = TraceSubscription.MostBatches * (TraceSubscription.BatchBytes / TraceFormat.RecordBytes);
        ShardTrace[] shards = [new(0)];
        using TraceHub hub = new(shards);
        using TraceSubscription slow = hub.Subscribe(new());
        using TraceSubscription fast = hub.Subscribe(new());
        long written = 0;
        long seen = 0;
        while (written < 3 * Most)
        {
            Write(shards[0], 2000);
            written += 2000;
            seen += Requests(fast, 2000).Count;
        }

        Assert.Equal(written, seen);
        Assert.Equal(0, shards[0].Ring!.Dropped);
        (long requests, long missing) = (0, 0);
        while (requests + missing < written)
        {
            // Something new makes the hub say what is missing.
            TraceBatch batch = Next(slow);
            requests += batch.Requests;
            if (batch.Requests == 0 && new TraceDecoder().Read(batch.Records.Span) is { IsGap: true } gap)
            {
                missing += gap.Behind;
            }

            batch.Return();
        }

        Assert.True(missing > 0);
        Assert.Equal(written, requests + missing);
    }

    /// <summary>Each loss may have taken names with it. One that keeps losing must not be told of ever more permissions.</summary>
    [Fact]
    public void A_reader_that_lost_records_is_told_the_names_again_under_the_number_that_they_had()
    {
        ConfigSpaceMap map = FunctionPermissions.Compile(new EmulatedFunctionBuilder(0x8086, 0x10D3).Build(Bench.HostA), AccessPolicy.Default).Map;
        ShardTrace[] shards = [new(0)];
        using TraceHub hub = new(shards);
        using TraceSubscription slow = hub.Subscribe(new());
        using TraceSubscription fast = hub.Subscribe(new());
        TraceDecoder decoder = new();
        List<uint> numbers = [];
        for (int loss = 0; loss < 3; loss++)
        {
            long missing = slow.Missed;
            while (slow.Missed == missing)
            {
                Write(shards[0], 2000, map: map);
                Requests(fast, 2000);
            }

            while (slow.Batches.TryRead(out TraceBatch batch))
            {
                numbers.AddRange(Numbers(batch, decoder));
                batch.Return();
            }
        }

        Write(shards[0], 1, map: map);
        TraceEvent? last = null;
        while (last is not { IsGap: false })
        {
            TraceBatch batch = Next(slow);
            numbers.AddRange(Numbers(batch, decoder));
            last = decoder.Read(batch.Buffer.AsSpan(batch.Length - TraceFormat.RecordBytes, TraceFormat.RecordBytes)) ?? last;
            batch.Return();
        }

        Assert.Equal([1u], numbers.Distinct());
        Assert.InRange(numbers.Count, 3 * map.Rows.Count, 100 * map.Rows.Count);
        Assert.NotEmpty(last.Registers);
    }

    [Fact]
    public void What_found_no_room_on_a_shard_is_said()
    {
        ShardTrace[] shards = [new(0)];
        using TraceHub hub = new(shards);
        using TraceSubscription reader = hub.Subscribe(new());

        // More than the ring holds, faster than the hub looks.
        long written = 0;
        TraceRing ring = shards[0].Ring!;
        while (ring.Dropped == 0)
        {
            Write(shards[0], 20_000);
            written += 20_000;
        }

        (long requests, long missing) = (0, 0);
        while (requests + missing < written)
        {
            TraceBatch batch = Next(reader);
            requests += batch.Requests;
            if (batch.Requests == 0 && new TraceDecoder().Read(batch.Records.Span) is { IsGap: true } gap)
            {
                missing += gap.Overflown + gap.Behind;
            }

            batch.Return();
        }

        Assert.Equal(written, requests + missing);
    }

    [Fact]
    public void The_end_of_the_daemon_ends_every_reader_and_no_more_come_than_may()
    {
        using TraceHub hub = new([new(0)]);
        TraceSubscription[] readers = [.. Enumerable.Range(0, TraceHub.MostReaders).Select(_ => hub.Subscribe(new()))];

        Assert.Contains("already", Assert.Throws<BackendException>(() => hub.Subscribe(new())).Message, StringComparison.Ordinal);
        hub.Dispose();

        Assert.All(readers, static reader => Assert.True(IsAtEnd(reader)));
        Assert.Throws<BackendException>(() => hub.Subscribe(new()));
        Assert.All(readers, static reader => reader.Dispose());
    }

    // The numbers of the permissions whose registers are named.
    private static List<uint> Numbers(TraceBatch batch, TraceDecoder decoder)
    {
        List<uint> numbers = [];
        for (int at = 0; at < batch.Length; at += TraceFormat.RecordBytes)
        {
            ReadOnlySpan<byte> record = batch.Buffer.AsSpan(at, TraceFormat.RecordBytes);
            decoder.Read(record);
            if (BitConverter.ToUInt16(record) == TraceFormat.RegisterKind)
            {
                numbers.Add(TraceRegister.Read(record).Permissions);
            }
        }

        return numbers;
    }

    private static void Write(ShardTrace shard, int count, bool denied = false, ConfigSpaceMap? map = null)
    {
        TraceRing ring = shard.Ring!;
        for (int i = 0; i < count; i++)
        {
            ref TraceSlot slot = ref ring.Next(out ulong number);
            if (!Unsafe.IsNullRef(ref slot))
            {
                slot.Record = new() { Kind = TraceRecord.RequestKind, Shard = (ushort)shard.Shard, Sequence = number, DeniedBits = denied ? 1u : 0, Size = 4 };
                slot.Permissions = map;
                ring.Publish();
            }
        }
    }

    private static List<TraceRecord> Requests(TraceSubscription reader, int count)
    {
        List<TraceRecord> requests = [];
        TraceDecoder decoder = new();
        while (requests.Count < count)
        {
            TraceBatch batch = Next(reader);
            for (int at = 0; at < batch.Length; at += TraceFormat.RecordBytes)
            {
                if (decoder.Read(batch.Buffer.AsSpan(at, TraceFormat.RecordBytes)) is { IsGap: false } item)
                {
                    requests.Add(item.Record);
                }
            }

            batch.Return();
        }

        return requests;
    }

    private static bool IsAtEnd(TraceSubscription reader) => !reader.Batches.WaitToReadAsync().AsTask().WaitAsync(s_patience).Result;

    private static TraceBatch Next(TraceSubscription reader)
    {
        Assert.True(reader.Batches.WaitToReadAsync().AsTask().WaitAsync(s_patience).Result);
        Assert.True(reader.Batches.TryRead(out TraceBatch batch));
        return batch;
    }
}
