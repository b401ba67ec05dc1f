using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Tests;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.Protocol;

/// <summary>Tracing over a running engine in every topology.</summary>
public sealed class TracedRequestTests
{
    public static TheoryData<PipelineTopology> Topologies => new(PipelineTopology.Fused, PipelineTopology.Queued, PipelineTopology.Dataflow);

    [Theory]
    [MemberData(nameof(Topologies))]
    public void Every_request_of_a_guest_is_traced_once_and_in_order(PipelineTopology topology)
    {
        using var served = new ServedGuest(topology);
        TraceRing ring = served.Guest.Trace.Start();
        uint[] answers = new uint[500];
        for (int i = 0; i < answers.Length; i++)
        {
            served.Send(TestGuest.Read((i * 4) % 256, 4));
            answers[i] = served.AwaitAnswer().Value;
        }

        for (int i = 0; i < answers.Length; i++)
        {
            TraceSlot slot = default;
            ServedGuest.Until(() => ring.TryTake(out slot), "the record");
            Assert.Equal(((ulong)i, (i * 4) % 256, answers[i]), (slot.Record.Sequence, slot.Record.Offset, slot.Record.AnswerValue));
        }

        Assert.False(ring.TryTake(out _));
        Assert.Equal(0, ring.Dropped);
    }

    [Theory]
    [MemberData(nameof(Topologies))]
    public void Tracing_goes_on_and_off_while_requests_flow(PipelineTopology topology)
    {
        using var served = new ServedGuest(topology);
        bool isOver = false;
        long taken = 0;
        var switcher = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                TraceRing ring = served.Guest.Trace.Start(capacity: 8);
                Thread.Yield();
                served.Guest.Trace.Stop();
                long last = -1;
                while (ring.TryTake(out TraceSlot slot))
                {
                    Assert.True((long)slot.Record.Sequence > last);
                    Assert.Equal((TraceRecord.RequestKind, 7, 0), (slot.Record.Kind, slot.Record.Domain, slot.Record.Status));
                    last = (long)slot.Record.Sequence;
                    taken++;
                }
            }
        });
        switcher.Start();
        for (int i = 0; i < 3000 || Volatile.Read(ref taken) == 0; i++)
        {
            served.Send(TestGuest.Read(0x80, 4));
            Assert.Equal(PciOpStatus.Success, served.AwaitAnswer().Error);
        }

        Volatile.Write(ref isOver, true);
        switcher.Join();
        Assert.True(taken > 0);
    }
}
