using BenchmarkDotNet.Attributes;
using PciBackFlow.Perf.Scripted;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Benchmarks;

/// <summary>
/// A request's share of the time where shards have nothing else to do: guests are scripts on the shards' own threads, so no client and no event costs anything.
/// Twice the shards are worth twice the requests as long as each has a core.
/// </summary>
[MemoryDiagnoser]
public class ShardBenchmarks
{
    private const int Operations = 24_000;

    private ScriptedShards? _scripted;

    /// <summary>Shards.</summary>
    [Params(1, 2)]
    public int Shards { get; set; }

    /// <summary>Guests in all.</summary>
    [Params(2, 64, 1000)]
    public int Guests { get; set; }

    /// <summary>How the stages lie over threads.</summary>
    [Params(PipelineTopology.Fused, PipelineTopology.Queued)]
    public PipelineTopology Topology { get; set; }

    /// <summary>Makes the guests.</summary>
    [GlobalSetup]
    public void Connect() => _scripted = new ScriptedShards(
        BenchmarkFunction.Open, ScriptedRequest.ScanOf(BenchmarkFunction.Open().Size), Shards, Guests, Topology);

    /// <summary>Ends them.</summary>
    [GlobalCleanup]
    public void Close() => _scripted?.Dispose();

    /// <summary>All guests list their function's registers, each so often that all requests together are the same number in each row.</summary>
    [Benchmark(OperationsPerInvoke = Operations)]
    public void Listing()
    {
        _scripted!.Begin(Operations / Guests);
        _scripted.Await();
    }
}
