using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tests.Control.Server;

public sealed class TraceEndpointTests
{
    // Far more than the sockets and the server between the two hold.
    private const int Records = 200_000;

    [Fact]
    public async Task At_the_daemons_end_nobody_waits_for_a_reader_that_does_not_read()
    {
        ShardTrace shard = new(0);
        using TraceHub hub = new([shard]);
        using ControlBench bench = new(change: services => services with { Traces = hub });
        using Socket stuck = Ask(bench);
        Bench.Eventually(() => hub.IsOn, "the trace is read");
        Write(hub, shard, Records);

        hub.Close();
        long start = Stopwatch.GetTimestamp();
        await bench.StopAsync();

        // The bench has patience for 30 s.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 15);
        Assert.True(ReadAll(stuck) < (long)Records * TraceFormat.RecordBytes);
    }

    [Fact]
    public async Task One_that_reads_gets_all_that_had_come()
    {
        ShardTrace shard = new(0);
        using TraceHub hub = new([shard]);
        using ControlBench bench = new(change: services => services with { Traces = hub });
        using Socket reader = Ask(bench);
        Bench.Eventually(() => hub.IsOn, "the trace is read");
        Write(hub, shard, 2_000);
        Task<long> reading = Task.Run(() => ReadAll(reader));

        hub.Close();
        await bench.StopAsync();

        Assert.True(await reading >= (2_000 * TraceFormat.RecordBytes) + TraceFormat.HeaderBytes);
    }

    private static Socket Ask(ControlBench bench)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(bench.Socket));
        socket.Send("GET /v1/trace HTTP/1.0\r\nHost: x\r\n\r\n"u8);
        return socket;
    }

    // Until the hub has handed all of it to every reader: the last of them is asked.
    private static void Write(TraceHub hub, ShardTrace shard, int count)
    {
        using TraceSubscription last = hub.Subscribe(new());
        TraceRing ring = shard.Ring!;
        for (int written = 0; written < count; written += 2_000)
        {
            for (int i = 0; i < 2_000; i++)
            {
                ref TraceSlot slot = ref ring.Next(out ulong number);
                Assert.False(Unsafe.IsNullRef(ref slot));
                slot = new() { Record = new() { Kind = TraceRecord.RequestKind, Sequence = number } };
                ring.Publish();
            }

            int taken = 0;
            Bench.Eventually(
                () =>
                {
                    while (last.Batches.TryRead(out TraceBatch batch))
                    {
                        taken += batch.Requests;
                        batch.Return();
                    }

                    return taken == 2_000;
                },
                "the hub has taken them");
        }
    }

    private static long ReadAll(Socket socket)
    {
        byte[] buffer = new byte[1 << 16];
        long length = 0;
        try
        {
            for (int count; (count = socket.Receive(buffer)) > 0;)
            {
                length += count;
            }
        }
        catch (SocketException)
        {
            // Cut off.
        }

        return length;
    }
}
