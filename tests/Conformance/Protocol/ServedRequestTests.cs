using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Tests;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.Protocol;

/// <summary>What a frontend may rely on, over a running engine in every topology: C3 to C6.</summary>
public sealed class ServedRequestTests
{
    public static TheoryData<PipelineTopology> Topologies => new(PipelineTopology.Fused, PipelineTopology.Queued, PipelineTopology.Dataflow);

    /// <summary>XSA-391: an answer is one event, so that a backend storms no frontend, and no event is missing.</summary>
    [Theory]
    [MemberData(nameof(Topologies))]
    public void C3_each_request_gets_exactly_one_notification(PipelineTopology topology)
    {
        using var served = new ServedGuest(topology);
        for (int i = 1; i <= 500; i++)
        {
            served.Send(TestGuest.Read(i % 2 == 0 ? 0 : 0x80, 4));
            Assert.Equal(PciOpStatus.Success, served.AwaitAnswer().Error);

            // The notification follows the cleared bit.
            int expected = i;
            ServedGuest.Until(() => Volatile.Read(ref served.Guest.Notifications) >= expected, "the notification");
            Assert.Equal(i, Volatile.Read(ref served.Guest.Notifications));
        }

        served.KickForNothing();
        Assert.Equal(500, Volatile.Read(ref served.Guest.Notifications));
        Assert.Equal(500, served.Guest.Counters.Answered);
    }

    [Theory]
    [InlineData(PipelineTopology.Fused, 20, 100)]
    [InlineData(PipelineTopology.Queued, 20, 100)]
    [InlineData(PipelineTopology.Dataflow, 20, 100)]
    [InlineData(PipelineTopology.Fused, 0, 1)]
    [InlineData(PipelineTopology.Queued, 0, 1)]
    [InlineData(PipelineTopology.Dataflow, 0, 1)]
    public void C4_a_request_posted_right_after_the_answer_is_served_without_a_new_event(PipelineTopology topology, int spin, int more)
    {
        using var served = new ServedGuest(topology, spin);
        int left = more;

        // On the shard's thread, with the active bit cleared and the port still masked.
        served.Guest.OnNotify = () =>
        {
            if (left-- > 0)
            {
                served.Frontend.Post(TestGuest.Read(0, 4));
            }
        };

        served.Send(TestGuest.Read(0, 4));

        ServedGuest.Until(() => Volatile.Read(ref served.Guest.Notifications) == more + 1, "all answers");
        Assert.Equal(more + 1, served.Guest.Counters.Success);
    }

    /// <summary>XSA-332: events alone do not keep the host busy.</summary>
    [Theory]
    [MemberData(nameof(Topologies))]
    public void C5_events_without_a_request_do_not_keep_the_backend_busy(PipelineTopology topology)
    {
        using var served = new ServedGuest(topology);
        served.Send(TestGuest.Read(0, 4));
        served.AwaitAnswer();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (clock.ElapsedMilliseconds < 300)
        {
            served.Kick();
        }

        EngineCounters counters = served.Engine.ReadCounters();
        Assert.InRange(counters.Deliveries, 1, 100);
        Assert.InRange(counters.Spurious, 1, 100);
        Assert.Equal(1, served.Guest.Counters.Answered);

        // And the guest is still served.
        served.Send(TestGuest.Read(0, 4));
        Assert.Equal(TestFunction.Identity, served.AwaitAnswer().Value);
    }

    [Theory]
    [MemberData(nameof(Topologies))]
    public void C6_a_reply_after_the_frontend_gave_up_is_dropped_and_the_next_request_served(PipelineTopology topology)
    {
        using var served = new ServedGuest(topology);
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        served.Guest.Hardware.OnAccess = () =>
        {
            inside.Set();
            goOn.Wait(5000);
        };

        served.Send(TestGuest.Read(0x80, 4));
        Assert.True(inside.Wait(5000));
        Assert.True(served.Frontend.GiveUp());
        served.Send(TestGuest.Read(0x84, 2));
        served.Guest.Hardware.OnAccess = null;
        goOn.Set();
        PciOpRequest answer = served.AwaitAnswer();

        Assert.Equal((PciOpStatus.Success, (uint)0x9A95), (answer.Error, answer.Value));
        ServedGuest.Until(() => Volatile.Read(ref served.Guest.Notifications) == 1, "the notification");
        Assert.Equal((1L, 1L), (served.Guest.Counters.LateReplies, served.Guest.Counters.Answered));
    }

    [Theory]
    [MemberData(nameof(Topologies))]
    public void C6_a_reply_to_a_withdrawn_request_leaves_the_page_alone(PipelineTopology topology)
    {
        using var served = new ServedGuest(topology);
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        served.Guest.Hardware.OnAccess = () =>
        {
            inside.Set();
            goOn.Wait(5000);
        };

        served.Send(TestGuest.Read(0x80, 4));
        Assert.True(inside.Wait(5000));
        Assert.True(served.Frontend.GiveUp());
        byte[] before = served.Guest.Page.Bytes.ToArray();
        goOn.Set();

        ServedGuest.Until(() => served.Guest.Counters.LateReplies == 1, "the late reply");
        Assert.Equal(before, served.Guest.Page.Bytes.ToArray());
        Assert.Equal(0, Volatile.Read(ref served.Guest.Notifications));
    }

    [Theory]
    [MemberData(nameof(Topologies))]
    public void A_slow_function_is_answered_for_in_time_and_its_late_result_dropped(PipelineTopology topology)
    {
        using var served = new ServedGuest(topology);
        using var goOn = new ManualResetEventSlim();
        served.Guest.Function.MarkStuck();
        served.Guest.Hardware.OnAccess = () => goOn.Wait(5000);

        var clock = System.Diagnostics.Stopwatch.StartNew();
        served.Send(TestGuest.Read(0x80, 2));
        PciOpRequest answer = served.AwaitAnswer();

        Assert.Equal((PciOpStatus.OperationFailed, 0xFFFFu), (answer.Error, answer.Value));
        Assert.InRange(clock.ElapsedMilliseconds, 400, 1900);

        // The worker is still inside: the next access fails at once instead of following it in, what needs no hardware goes on.
        served.Send(TestGuest.Read(0x84, 2));
        Assert.Equal(PciOpStatus.OperationFailed, served.AwaitAnswer().Error);
        served.Send(TestGuest.Read(0, 4));
        Assert.Equal(TestFunction.Identity, served.AwaitAnswer().Value);
        served.Guest.Hardware.OnAccess = null;
        goOn.Set();
        ServedGuest.Until(() => served.Guest.Counters.LateResults == 1, "the dropped result");
        served.Send(TestGuest.Read(0x84, 2));
        Assert.Equal((uint)0x9A95, served.AwaitAnswer().Value);
        Assert.Equal(1, served.Guest.Counters.Expired);
    }
}
