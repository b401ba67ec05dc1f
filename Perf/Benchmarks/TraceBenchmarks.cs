using BenchmarkDotNet.Attributes;
using PciBackFlow.Perf.Scripted;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Benchmarks;

/// <summary>
/// What the trace costs the thread that serves: the six stages as the fused executor composes them, without threads or events. With a trace the emptying of
/// the ring is in it.
/// </summary>
[MemoryDiagnoser]
public class TraceBenchmarks
{
    private TracedGuest? _guest;

    /// <summary>What the requests find.</summary>
    [Params(TraceState.None, TraceState.Off, TraceState.On)]
    public TraceState Trace { get; set; }

    /// <summary>Makes a guest with one function.</summary>
    [GlobalSetup]
    public void Connect() => _guest = new(BenchmarkFunction.Open(), Trace);

    /// <summary>Frees the page.</summary>
    [GlobalCleanup]
    public void Close() => _guest!.Dispose();

    /// <summary>A read that the shadow answers: the ids.</summary>
    [Benchmark(OperationsPerInvoke = ShardTrace.Capacity)]
    public bool ReadShadow() => Serve(TracedRequests.ReadShadow);

    /// <summary>A read that the function answers, from memory here: Status.</summary>
    [Benchmark(OperationsPerInvoke = ShardTrace.Capacity)]
    public bool ReadHardware() => Serve(TracedRequests.ReadHardware);

    /// <summary>A write that policy drops: the ids.</summary>
    [Benchmark(OperationsPerInvoke = ShardTrace.Capacity)]
    public bool WriteDenied() => Serve(TracedRequests.WriteDenied);

    private bool Serve(PciOpRequest request)
    {
        _guest!.Serve(in request, ShardTrace.Capacity);
        return _guest.IsAnswered;
    }
}
