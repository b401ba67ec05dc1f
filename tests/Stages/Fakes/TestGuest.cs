using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Respond;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests;

/// <summary>A guest with one function at 0000:00:00.0, and the six stages called one after the other on the test's thread.</summary>
internal sealed class TestGuest : IGuestNotifier, IDisposable
{
    internal TestGuest(
        IInterruptOperations? interrupts = null, int configSize = 256, Action<ConfigDword[]>? change = null, MapSettings settings = default)
    {
        Hardware = new TestFunction(configSize);
        Function = Hardware.Assign(new PciAddress(0, 0, 0, 0), change, settings);
        Connection = new GuestConnection(7, Page.Backend, this, new FunctionTable([Function]), interrupts, trace: Trace);
        Operation = new GuestOperation(Connection);
    }

    internal TestPage Page { get; } = new();

    /// <summary>Its shard's trace; off until it is started.</summary>
    internal ShardTrace Trace { get; } = new(shard: 3);

    internal TestFunction Hardware { get; }

    internal AssignedFunction Function { get; }

    internal GuestConnection Connection { get; }

    internal GuestOperation Operation { get; }

    internal int Notifications;

    /// <summary>What the notifier says: whether there was a channel to signal on.</summary>
    internal bool HasChannel { get; set; } = true;

    /// <summary>Called by the notifier, on the shard's thread.</summary>
    internal Action? OnNotify { get; set; }

    internal GuestCounterValues Counters => Connection.Counters.Read();

    internal static PciOpRequest Read(int offset, int size) =>
        new() { Command = PciOpCode.ConfigRead, Offset = offset, Size = size, Value = 0xDEADBEEF, Error = (PciOpStatus)0x7777 };

    internal static PciOpRequest Write(int offset, int size, uint value) =>
        new() { Command = PciOpCode.ConfigWrite, Offset = offset, Size = size, Value = value };

    public bool Notify()
    {
        Interlocked.Increment(ref Notifications);
        OnNotify?.Invoke();
        return HasChannel;
    }

    /// <summary>Runs one request through all six stages.</summary>
    /// <param name="beforeStage">Called before each stage but the first, with its index.</param>
    internal StageFlow Run(Action<int>? beforeStage = null)
    {
        StageFlow flow = default(IngestStage).Process(Operation);
        for (int stage = 1; stage < 6 && flow is StageFlow.Continue or StageFlow.Offload; stage++)
        {
            beforeStage?.Invoke(stage);
            flow = stage switch
            {
                1 => default(DecodeStage).Process(Operation),
                2 => default(FilterStage).Process(Operation),
                3 => default(ExecuteStage).Process(Operation),
                4 => default(RespondStage).Process(Operation),
                _ => default(NotifyStage).Process(Operation),
            };
        }

        return flow;
    }

    /// <summary>Posts, runs, and reads the answer.</summary>
    internal PciOpRequest Serve(in PciOpRequest request)
    {
        Page.Frontend.Post(request);
        Run();
        Page.Frontend.ReadAnswer(out PciOpRequest answer);
        return answer;
    }

    public void Dispose() => Page.Dispose();
}
