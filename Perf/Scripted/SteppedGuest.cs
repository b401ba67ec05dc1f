using System.Runtime.CompilerServices;
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
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Scripted;

/// <summary>
/// A guest with one function at 0000:00:00.0 under the default policy, whose requests go through the six stages on the calling thread, as the fused executor
/// composes them: over a real page, without threads or events. What is measured with it is the engine's own time. Used by one thread.
/// </summary>
public sealed unsafe class SteppedGuest : IGuestNotifier, IDisposable
{
    /// <summary>How many stages there are.</summary>
    public const int Stages = 6;

    private readonly FrontendPage _page;
    private readonly GuestOperation _operation;
    private bool _isDisposed;

    /// <summary>Makes the guest and its page.</summary>
    /// <param name="function">What it has; it stays the caller's.</param>
    /// <param name="trace">Its shard's trace; null: none.</param>
    public SteppedGuest(IPciFunction function, ShardTrace? trace = null)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc(SharedInfoLayout.PageSize, SharedInfoLayout.PageSize);
        _page = new(memory);
        _page.Zero();
        var assigned = new AssignedFunction(function, default, FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false));
        _operation = new(new GuestConnection(1, new SharedPage(memory), this, new FunctionTable([assigned]), trace: trace));
    }

    /// <summary>Whether the last request was answered.</summary>
    public bool IsAnswered => _page.IsAnswered;

    /// <summary>Whether it is known what the last request is answered, even if it has not been yet.</summary>
    public bool IsDecided => _operation.IsDecided;

    /// <summary>The last request, with its answer.</summary>
    public PciOpRequest Answer
    {
        get
        {
            _page.ReadAnswer(out PciOpRequest answer);
            return answer;
        }
    }

    /// <inheritdoc/>
    // Nobody sleeps, and what a signal costs is not what is measured.
    public bool Notify() => true;

    /// <summary>Posts a request and takes it through all stages.</summary>
    /// <param name="request">Anything a guest can send.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Serve(in PciOpRequest request)
    {
        _page.Post(in request);
        GuestOperation operation = _operation;
        default(IngestStage).Process(operation);
        default(DecodeStage).Process(operation);
        default(FilterStage).Process(operation);
        default(ExecuteStage).Process(operation);
        default(RespondStage).Process(operation);
        default(NotifyStage).Process(operation);
    }

    /// <summary>Posts a request and takes it through the first stages only.</summary>
    /// <param name="request">Anything a guest can send.</param>
    /// <param name="stages">How many: 1 is ingest alone, <see cref="Stages"/> all of them.</param>
    public void Serve(in PciOpRequest request, int stages)
    {
        _page.Post(in request);
        GuestOperation operation = _operation;
        default(IngestStage).Process(operation);
        if (stages > 1)
        {
            default(DecodeStage).Process(operation);
        }

        if (stages > 2)
        {
            default(FilterStage).Process(operation);
        }

        if (stages > 3)
        {
            default(ExecuteStage).Process(operation);
        }

        if (stages > 4)
        {
            default(RespondStage).Process(operation);
        }

        if (stages > 5)
        {
            default(NotifyStage).Process(operation);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            NativeMemory.AlignedFree(_page.Address);
        }
    }
}
