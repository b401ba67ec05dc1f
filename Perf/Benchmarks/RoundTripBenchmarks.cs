using System.Buffers;
using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Scripted;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Benchmarks;

/// <summary>
/// One request of one guest, end to end over the loopback: page, event, stages, answer, event. The column of allocated bytes counts all
/// threads of the process.
/// </summary>
[MemoryDiagnoser]
public class RoundTripBenchmarks
{
    private readonly LoopbackHost _loopback = new();
    private readonly int[] _ports = new int[4];
    private ExclusiveFunctions? _functions;
    private BackendHost? _backend;
    private LoopbackToolstack? _toolstack;
    private IEventChannels? _channels;
    private SimulatedGuest? _guest;
    private TraceSink? _trace;
    private uint _devfn;

    /// <summary>How the stages lie over threads.</summary>
    [Params(PipelineTopology.Fused, PipelineTopology.Queued, PipelineTopology.Dataflow)]
    public PipelineTopology Topology { get; set; }

    /// <summary>Who looks at the trace meanwhile: nobody, or a reader of everything or of denied writes.</summary>
    [Params(TraceState.Off, TraceState.On, TraceState.Denied)]
    public TraceState Trace { get; set; }

    /// <summary>Connects a guest.</summary>
    [GlobalSetup]
    public void Connect()
    {
        IPciFunction function = BenchmarkFunction.Open();
        _functions = new ExclusiveFunctions([function]);
        _backend = new BackendHost(new BackendOptions
        {
            Hypervisor = _loopback.BackendView, FunctionSource = _functions, Topology = Topology, Shards = 1,
        });
        _backend.Start();
        _toolstack = new LoopbackToolstack(_loopback);
        _toolstack.CreateGuest(1, function.Address);
        LoopbackHypervisor view = _loopback.ViewOf(1);
        _channels = view.OpenEventChannels();
        _guest = new SimulatedGuest(view, _channels, FrontendKind.NetBsd, FrontendTiming.Linux);
        _guest.Publish();
        if (!_guest.TryConnect(TimeSpan.FromSeconds(30)))
        {
            throw new InvalidOperationException(_guest.BackendError() ?? "the backend did not connect");
        }

        _devfn = _guest.Functions[0].Guest.Devfn;
        if (Trace != TraceState.Off)
        {
            FillPool();
            _trace = new(_backend.Traces, isDenied: Trace == TraceState.Denied);
        }
    }

    /// <summary>Ends everything.</summary>
    [GlobalCleanup]
    public void Close()
    {
        _trace?.Dispose();
        _backend?.Dispose();
        _guest?.Dispose();
        _channels?.Dispose();
        _toolstack?.Dispose();
        _functions?.Dispose();
    }

    /// <summary>A read that the shadow answers: the ids.</summary>
    [Benchmark]
    public uint ReadShadow() => Ask(FrontendRequest.Read(_devfn, 0x00, 4));

    /// <summary>A read that reaches the (emulated) function: Status.</summary>
    [Benchmark]
    public uint ReadHardware() => Ask(FrontendRequest.Read(_devfn, 0x06, 2));

    /// <summary>A write that stays in memory: sizing a base address.</summary>
    [Benchmark]
    public uint WriteShadow() => Ask(FrontendRequest.Write(_devfn, 0x10, 4, uint.MaxValue));

    // How many batches wait at once depends on how late a busy machine lets the reader run: as many as may are in the pool before anything is counted.
    private static void FillPool()
    {
        byte[][] batches =
        [
            .. Enumerable.Range(0, TraceSubscription.MostBatches).Select(static _ => ArrayPool<byte>.Shared.Rent(TraceSubscription.BatchBytes)),
        ];
        Array.ForEach(batches, static batch => ArrayPool<byte>.Shared.Return(batch));
    }

    private uint Ask(FrontendRequest request)
    {
        SimulatedFrontend frontend = _guest!.Frontend!;
        frontend.Post(in request, Stopwatch.GetTimestamp());
        while (true)
        {
            int count = _channels!.Read(_ports, -1);
            _channels.Unmask(_ports.AsSpan(0, count));
            if (frontend.Look(0, signalled: count != 0) == FrontendOutcome.Answered)
            {
                return frontend.Answer.Value;
            }
        }
    }
}
