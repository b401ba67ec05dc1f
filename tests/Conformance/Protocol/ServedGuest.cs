using System.Diagnostics;
using PciBackFlow.Pipeline;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Respond;
using PciBackFlow.Stages.Tests;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.Protocol;

/// <summary>One guest served by a running engine; the test's thread is its frontend.</summary>
internal sealed class ServedGuest : IDisposable
{
    private const int Port = 5;
    private readonly TestSource _source = new();

    internal ServedGuest(PipelineTopology topology, int spinMicroseconds = 20)
    {
        Engine = new PipelineEngine<GuestOperation, IngestStage, DecodeStage, FilterStage, ExecuteStage, RespondStage, NotifyStage>(
            default,
            new EngineOptions { Topology = topology, SpinMicroseconds = spinMicroseconds, AccessLimitMilliseconds = 5000 },
            _ => _source,
            static () => new GuestOperation());
        Engine.Start();
        Engine.Attach(0, Port, Guest.Operation);
    }

    internal TestGuest Guest { get; } = new();

    internal IPipelineEngine<GuestOperation> Engine { get; }

    internal FrontendPage Frontend => Guest.Page.Frontend;

    internal void Kick() => _source.Signal(Port);

    internal void Send(in PciOpRequest request)
    {
        Frontend.Post(request);
        Kick();
    }

    internal PciOpRequest AwaitAnswer()
    {
        Until(() => Frontend.IsAnswered, "the answer");
        Frontend.ReadAnswer(out PciOpRequest answer);
        return answer;
    }

    internal static void Until(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.ElapsedMilliseconds < 10_000, $"waited 10 s for {what}");
            Thread.Sleep(0);
        }
    }

    public void Dispose()
    {
        Engine.Dispose();
        Guest.Dispose();
    }
}
