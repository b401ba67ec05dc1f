using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Benchmarks;

/// <summary>
/// The engine's own queue beside the framework's bounded channel: what handing one item over costs, and what it allocates, on one thread, and with two
/// threads that write and two that read.
/// </summary>
[MemoryDiagnoser]
public class BoundedQueueBenchmarks
{
    private const int Capacity = 1024;
    private const int Items = 200_000;
    private const int Threads = 2;

    private static readonly object s_item = new();

    private readonly BoundedQueue<object> _queue = new(Capacity);
    private readonly Channel<object> _channel = Channel.CreateBounded<object>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Whether other threads are at it at the same time.</summary>
    [Params(false, true)]
    public bool Contended { get; set; }

    /// <summary>The framework's.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public void BoundedChannel()
    {
        ChannelWriter<object> writer = _channel.Writer;
        ChannelReader<object> reader = _channel.Reader;
        HandOver(() => writer.TryWrite(s_item), () => reader.TryRead(out _));
    }

    /// <summary>The engine's.</summary>
    [Benchmark(OperationsPerInvoke = Items)]
    public void BoundedQueue() => HandOver(() => _queue.TryWrite(s_item), () => _queue.TryRead(out _));

    private void HandOver(Func<bool> write, Func<bool> read)
    {
        if (!Contended)
        {
            for (int i = 0; i < Items; i++)
            {
                write();
                read();
            }

            return;
        }

        var threads = new Thread[2 * Threads];
        for (int i = 0; i < threads.Length; i++)
        {
            Func<bool> step = i % 2 == 0 ? write : read;
            threads[i] = new Thread(() => Repeat(step));
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }

    private static void Repeat(Func<bool> step)
    {
        for (int i = 0; i < Items / Threads; i++)
        {
            while (!step())
            {
                Thread.Yield();
            }
        }
    }
}
