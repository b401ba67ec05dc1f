using System.Runtime.InteropServices;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Respond;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Insight;

/// <summary>
/// An imaginary guest with one function, whose requests go through the very stages that serve real ones, on the calling thread and a page
/// of its own. What it sees is what a guest sees. Used by one thread.
/// </summary>
internal sealed unsafe class SoloGuest : IDisposable, IGuestNotifier
{
    private readonly AssignedFunction _function;
    private readonly GuestOperation _operation;
    private readonly FrontendPage _page;
    private bool _isDisposed;

    public SoloGuest(IPciFunction hardware, CompiledFunction compiled)
    {
        _function = new(hardware, guestAddress: default, compiled);
        byte* memory = (byte*)NativeMemory.AlignedAlloc(SharedInfoLayout.PageSize, SharedInfoLayout.PageSize);
        _page = new(memory);
        _page.Zero();
        _operation = new(new GuestConnection(domainId: 0, new SharedPage(memory), this, new FunctionTable([_function])));
    }

    public ConfigSpaceMap Map => _function.Map;

    /// <summary>What is done before a guest gets a function: wake-up events off, D0.</summary>
    public void Prepare() => SideEffects.Prepare(_function);

    /// <summary>Sends one request and takes it through the stages; what would leave a shard is done at once.</summary>
    /// <param name="access">The access; anything a guest could send.</param>
    /// <param name="value">The value answered.</param>
    /// <param name="denied">Bits of a write that policy dropped, in the access's lanes.</param>
    /// <returns>The status answered.</returns>
    public PciOpStatus Send(ConfigAccess access, out uint value, out uint denied)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        PciOpRequest request = default;
        request.Command = access.IsWrite ? PciOpCode.ConfigWrite : PciOpCode.ConfigRead;
        request.Offset = access.Offset;
        request.Size = access.Size;
        request.Value = access.WriteValue ?? 0;
        _page.Post(request);

        default(IngestStage).Process(_operation);
        _operation.Plan = default;
        default(DecodeStage).Process(_operation);
        default(FilterStage).Process(_operation);
        default(ExecuteStage).Process(_operation);
        default(RespondStage).Process(_operation);

        _page.ReadAnswer(out PciOpRequest answer);
        value = answer.Value;
        denied = access.IsWrite ? _operation.Plan.DeniedBits : 0;
        return answer.Error;
    }

    /// <inheritdoc/>
    // Nobody sleeps: the answer is looked for as soon as the stages have run.
    public bool Notify() => true;

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        NativeMemory.AlignedFree(_page.Address);
    }
}
