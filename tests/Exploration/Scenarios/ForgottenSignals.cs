using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

using Engine = PipelineEngine<ToyItem, Ingest, Decode, Filter, Execute, Respond, Notify>;

/// <summary>
/// Requests come just as their port is opened again: either the shard's last look sees them or their signal finds the port open.
/// </summary>
public sealed class ForgottenSignals : Scenario
{
    public override void Run()
    {
        var source = new ForgetfulSource(1);
        var page = new ToyPage();
        var engine = new Engine(default, new EngineOptions { SpinMicroseconds = 0 }, _ => source, static () => new ToyItem());
        engine.Start();
        engine.Attach(0, 0, new ToyItem { Page = page });
        for (int request = 1; request <= 4; request++)
        {
            page.Request = request;
            Volatile.Write(ref page.Active, 1);
            Interlocked.MemoryBarrier();
            source.Signal(0);
            WaitUntil("an answer", () => page.Active == 0);
            Check(page.Answer == request * 2, $"request {request} was answered {page.Answer}");
        }

        engine.Dispose();
        Check(page.Answers == 4, $"{page.Answers} answers to 4 requests");
    }
}
