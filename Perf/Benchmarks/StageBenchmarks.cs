using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
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
/// The first stages of one request, as many as the row says: a stage costs what its row is above the one before. By itself no stage can be repeated, because
/// each works on what those before it left.
/// </summary>
[MemoryDiagnoser]
public unsafe class StageBenchmarks
{
    private byte* _memory;
    private GuestOperation? _operation;
    private PciOpRequest _request;

    /// <summary>How many: 1 is ingest alone, 6 all of them.</summary>
    [Params(1, 2, 3, 4, 5, 6)]
    public int Stages { get; set; }

    /// <summary>Whether the register needs hardware.</summary>
    [Params(false, true)]
    public bool Hardware { get; set; }

    /// <summary>Makes a guest with one function.</summary>
    [GlobalSetup]
    public void Connect()
    {
        IPciFunction function = BenchmarkFunction.Open();
        var assigned = new AssignedFunction(function, default, FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false));
        _memory = (byte*)NativeMemory.AlignedAlloc(SharedInfoLayout.PageSize, SharedInfoLayout.PageSize);
        new FrontendPage(_memory).Zero();
        _operation = new GuestOperation(new GuestConnection(1, new SharedPage(_memory), new DeafGuest(), new FunctionTable([assigned])));
        _request = Hardware
            ? new PciOpRequest { Command = PciOpCode.ConfigRead, Offset = 0x06, Size = 2 }
            : new PciOpRequest { Command = PciOpCode.ConfigRead, Size = 4 };
    }

    /// <summary>Frees the page.</summary>
    [GlobalCleanup]
    public void Close() => NativeMemory.AlignedFree(_memory);

    /// <summary>The request is posted, and the stages run.</summary>
    [Benchmark]
    public bool FirstStages()
    {
        GuestOperation operation = _operation!;
        new FrontendPage(_memory).Post(in _request);
        default(IngestStage).Process(operation);
        if (Stages > 1)
        {
            default(DecodeStage).Process(operation);
        }

        if (Stages > 2)
        {
            default(FilterStage).Process(operation);
        }

        if (Stages > 3)
        {
            default(ExecuteStage).Process(operation);
        }

        if (Stages > 4)
        {
            default(RespondStage).Process(operation);
        }

        if (Stages > 5)
        {
            default(NotifyStage).Process(operation);
        }

        return operation.IsDecided;
    }
}
