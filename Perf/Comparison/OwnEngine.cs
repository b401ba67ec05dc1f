using System.Diagnostics;
using System.Runtime.InteropServices;
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

namespace PciBackFlow.Perf.Comparison;

/// <summary>The six stages as the fused executor composes them, over a real page but without threads or events: as the yardstick's engine mode does.</summary>
internal sealed unsafe class OwnEngine : IGuestNotifier, IDisposable
{
    private const int Batch = 1000;

    private readonly byte* _memory;
    private readonly GuestOperation _operation;
    private readonly int _size;

    /// <summary>Makes a guest with this function at 0000:00:00.0.</summary>
    internal OwnEngine(IPciFunction function)
    {
        _size = function.Size;
        _memory = (byte*)NativeMemory.AlignedAlloc(SharedInfoLayout.PageSize, SharedInfoLayout.PageSize);
        new FrontendPage(_memory).Zero();
        var assigned = new AssignedFunction(function, default, FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false));
        _operation = new GuestOperation(new GuestConnection(1, new SharedPage(_memory), this, new FunctionTable([assigned])));
    }

    /// <inheritdoc/>
    public bool Notify() => true;

    /// <summary>Nanoseconds of one request and its service.</summary>
    /// <param name="seconds">How long to measure, after a fifth of that to warm up.</param>
    /// <param name="dwords">How many dwords the guest lists.</param>
    internal double Measure(double seconds, int dwords)
    {
        Run(seconds / 5, dwords);
        return Run(seconds, dwords);
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private double Run(double seconds, int dwords)
    {
        var request = new PciOpRequest { Command = PciOpCode.ConfigRead, Size = 4 };
        int last = Math.Min(dwords, _size / 4) * 4;
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        TimeSpan took;
        do
        {
            for (int i = 0; i < Batch; i++)
            {
                Serve(in request);
                request.Offset = request.Offset + 4 < last ? request.Offset + 4 : 0;
            }

            count += Batch;
            took = Stopwatch.GetElapsedTime(start);
        }
        while (took.TotalSeconds < seconds);
        return took.TotalNanoseconds / count;
    }

    private void Serve(in PciOpRequest request)
    {
        var page = new FrontendPage(_memory);
        page.Post(in request);
        default(IngestStage).Process(_operation);
        default(DecodeStage).Process(_operation);
        default(FilterStage).Process(_operation);
        default(ExecuteStage).Process(_operation);
        default(RespondStage).Process(_operation);
        default(NotifyStage).Process(_operation);
        page.ReadAnswer(out PciOpRequest answer);
        if (answer.Error != PciOpStatus.Success)
        {
            throw new ComparisonFailedException($"offset 0x{request.Offset:x} was answered with {answer.Error}");
        }
    }
}
