using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Respond;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Benchmarks;

/// <summary>
/// The six stages as the fused executor composes them, over a real page but without threads, events or hardware: the engine's own
/// time. The empty pipeline answers a request for a function that is not there, so the filter has nothing to do.
/// </summary>
[MemoryDiagnoser]
public unsafe class EngineBenchmarks
{
    private byte* _memory;
    private GuestOperation? _operation;
    private PciOpRequest _shadowRead;
    private PciOpRequest _sizingWrite;
    private PciOpRequest _absent;
    private PciOpRequest _hardwareRead;
    private PciOpRequest _commandWrite;
    private PciOpRequest _deniedWrite;
    private PciOpRequest _oddSize;
    private PciOpRequest _unknown;

    /// <summary>Makes a guest with one function.</summary>
    [GlobalSetup]
    public void Connect()
    {
        IPciFunction function = BenchmarkFunction.Open();
        var assigned = new AssignedFunction(function, default, FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false));
        _memory = (byte*)NativeMemory.AlignedAlloc(SharedInfoLayout.PageSize, SharedInfoLayout.PageSize);
        new FrontendPage(_memory).Zero();
        _operation = new GuestOperation(new GuestConnection(1, new SharedPage(_memory), new DeafGuest(), new FunctionTable([assigned])));
        _shadowRead = new PciOpRequest { Command = PciOpCode.ConfigRead, Size = 4 };
        _sizingWrite = new PciOpRequest { Command = PciOpCode.ConfigWrite, Offset = 0x10, Size = 4, Value = uint.MaxValue };
        _absent = new PciOpRequest { Command = PciOpCode.ConfigRead, Size = 4, Devfn = 0xF8 };
        _hardwareRead = new PciOpRequest { Command = PciOpCode.ConfigRead, Offset = 0x06, Size = 2 };
        _commandWrite = new PciOpRequest { Command = PciOpCode.ConfigWrite, Offset = 0x04, Size = 2, Value = 0x0400 };
        _deniedWrite = new PciOpRequest { Command = PciOpCode.ConfigWrite, Offset = 0x00, Size = 4, Value = 0x1234_5678 };
        _oddSize = new PciOpRequest { Command = PciOpCode.ConfigRead, Size = 3 };
        _unknown = new PciOpRequest { Command = (PciOpCode)77 };
    }

    /// <summary>Frees the page.</summary>
    [GlobalCleanup]
    public void Close() => NativeMemory.AlignedFree(_memory);

    /// <summary>A request for no function: everything but the filter.</summary>
    [Benchmark(Baseline = true)]
    public bool EmptyPipeline() => Serve(in _absent);

    /// <summary>A read that the shadow answers: the ids.</summary>
    [Benchmark]
    public bool ReadShadow() => Serve(in _shadowRead);

    /// <summary>A write that stays in memory: sizing a base address.</summary>
    [Benchmark]
    public bool WriteVirtual() => Serve(in _sizingWrite);

    /// <summary>A read that the function answers, from memory here: Status.</summary>
    [Benchmark]
    public bool ReadHardware() => Serve(in _hardwareRead);

    /// <summary>A write with a side effect that changes hardware's register: Command.</summary>
    [Benchmark]
    public bool WriteCommand() => Serve(in _commandWrite);

    /// <summary>A write that policy drops: the ids.</summary>
    [Benchmark]
    public bool WriteDenied() => Serve(in _deniedWrite);

    /// <summary>An access of three bytes.</summary>
    [Benchmark]
    public bool InvalidSize() => Serve(in _oddSize);

    /// <summary>A code that no frontend has.</summary>
    [Benchmark]
    public bool UnknownOperation() => Serve(in _unknown);

    private bool Serve(in PciOpRequest request)
    {
        var page = new FrontendPage(_memory);
        page.Post(in request);
        GuestOperation operation = _operation!;
        default(IngestStage).Process(operation);
        default(DecodeStage).Process(operation);
        default(FilterStage).Process(operation);
        default(ExecuteStage).Process(operation);
        default(RespondStage).Process(operation);
        default(NotifyStage).Process(operation);
        return page.IsAnswered;
    }
}
