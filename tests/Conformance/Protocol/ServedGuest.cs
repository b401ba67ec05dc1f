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

    /// <summary>
    /// An event without a request, and the shard has looked at what it announced. Twice: the first may fall together with the event of the
    /// last request, which was served without it.
    /// </summary>
    internal void KickForNothing()
    {
        for (int i = 0; i < 2; i++)
        {
            long deliveries = Engine.ReadCounters().Deliveries;
            Kick();
            Until(() => Engine.ReadCounters().Deliveries > deliveries, "the delivery");
        }

        // Runs between two rounds of the shard.
        Engine.Invoke(0, static () => { });
    }

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
