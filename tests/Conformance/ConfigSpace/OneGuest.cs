using System.Runtime.InteropServices;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Respond;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>One guest with one function at 0000:00:00.0, driven through its page and the six stages, one request after another.</summary>
internal sealed unsafe class OneGuest : IDisposable
{
    private readonly byte* _memory;
    private readonly FrontendPage _page;
    private readonly GuestOperation _operation;

    public OneGuest(IPciFunction function, AccessPolicy policy)
        : this(function, ConfigSpaceMapCompiler.Compile(function, policy))
    {
    }

    public OneGuest(IPciFunction function, CompiledFunction compiled)
    {
        _memory = (byte*)NativeMemory.AlignedAlloc(4096, 4096);
        _page = new FrontendPage(_memory);
        _page.Zero();
        Function = new AssignedFunction(function, default, compiled);

        // What the backend does when it takes a function over for a guest.
        SideEffects.Prepare(Function);
        var connection = new GuestConnection(1, new SharedPage(_memory), new Silence(), new FunctionTable([Function]));
        Counters = connection.Counters;
        _operation = new GuestOperation(connection);
    }

    public AssignedFunction Function { get; }

    public GuestCounters Counters { get; }

    public (PciOpStatus Status, uint Value) Read(int offset, int size) => Run(PciOpCode.ConfigRead, offset, size, 0);

    public PciOpStatus Write(int offset, int size, uint value) => Run(PciOpCode.ConfigWrite, offset, size, value).Status;

    /// <summary>Called when the request has been taken from the page and before anybody has looked at it.</summary>
    public Action<FrontendPage>? AfterIngest { get; set; }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private (PciOpStatus Status, uint Value) Run(PciOpCode command, int offset, int size, uint value)
    {
        _page.Post(new PciOpRequest { Command = command, Offset = offset, Size = size, Value = value });
        Assert.Equal(StageFlow.Continue, default(IngestStage).Process(_operation));
        AfterIngest?.Invoke(_page);
        Assert.Equal(StageFlow.Continue, default(DecodeStage).Process(_operation));

        // Offload only says that another thread would run the next stage.
        Assert.NotEqual(StageFlow.Idle, default(FilterStage).Process(_operation));
        Assert.Equal(StageFlow.Continue, default(ExecuteStage).Process(_operation));
        Assert.Equal(StageFlow.Continue, default(RespondStage).Process(_operation));
        Assert.Equal(StageFlow.Continue, default(NotifyStage).Process(_operation));
        Assert.True(_page.IsAnswered);
        _page.ReadAnswer(out PciOpRequest answer);
        return ((PciOpStatus)answer.Error, answer.Value);
    }

    private sealed class Silence : IGuestNotifier
    {
        public bool Notify() => true;
    }
}
