using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Connections;

/// <summary>The recovery slot of a guest's page, on its shard's thread: one question at a time, never answered by a late answer.</summary>
public sealed class RecoverySlotTests : IDisposable
{
    private static readonly RecoveryRequest Question = new(PciOpCode.AerDetected, ChannelState.Normal, 0, 0, 0);

    private readonly TestGuest _guest = new();
    private readonly List<(RecoveryReply Reply, int Answer)> _replies = [];

    public RecoverySlotTests() => _guest.Page.Frontend.AnnounceAerHandler();

    private RecoverySlot Slot => _guest.Connection.Recovery;

    public void Dispose() => _guest.Dispose();

    [Fact]
    public void A_question_is_signalled_once_and_its_answer_found_by_the_next_look()
    {
        Assert.Equal(RecoveryReply.Asked, Ask());
        Assert.Equal(1, _guest.Notifications);
        Assert.True(_guest.Page.Frontend.TryReadRecovery(out RecoveryRequest asked));
        Assert.Equal(Question, asked);
        Look();
        Assert.Empty(_replies);

        _guest.Page.Frontend.AnswerRecovery(5);
        Look(isAnswered: true);
        Look();

        Assert.Equal([(RecoveryReply.Answered, 5)], _replies);
        Assert.False(Slot.IsAwaited);
    }

    [Fact]
    public void A_request_in_the_page_is_served_first_and_the_answer_found_behind_it()
    {
        Ask();
        _guest.Page.Frontend.AnswerRecovery(2);
        _guest.Page.Frontend.Post(TestGuest.Read(0, 4));

        Assert.Equal(StageFlow.Continue, _guest.Run());
        Assert.Empty(_replies);
        Look(isAnswered: true);

        Assert.Equal([(RecoveryReply.Answered, 2)], _replies);
    }

    [Fact]
    public void A_second_question_is_not_asked_before_the_first_has_ended()
    {
        Ask();

        Assert.Equal(RecoveryReply.Occupied, Ask());
        Assert.Equal(1, _guest.Notifications);
    }

    [Fact]
    public void Without_the_guest_s_word_that_it_can_be_asked_nothing_is_written()
    {
        _guest.Page.Frontend.Zero();

        Assert.Equal(RecoveryReply.NoHandler, Ask());
        Assert.Empty(_guest.Page.NonZeroBytes());
    }

    [Fact]
    public void An_answer_at_the_last_moment_is_one()
    {
        Ask();
        _guest.Page.Frontend.AnswerRecovery(3);

        Slot.GiveUp();

        Assert.Equal([(RecoveryReply.Answered, 3)], _replies);
    }

    [Fact]
    public void A_question_that_was_given_up_closes_the_slot_until_its_late_answer()
    {
        Ask();
        Slot.GiveUp();
        Assert.Equal([(RecoveryReply.Overdue, 0)], _replies);
        Assert.False(_guest.Page.Frontend.TryReadRecovery(out _));
        Assert.Equal(RecoveryReply.Overdue, Ask());

        _guest.Page.Frontend.AnswerRecovery(5);

        Assert.Equal(RecoveryReply.Asked, Ask());
        Assert.Single(_replies);
    }

    [Fact]
    public void A_question_that_an_earlier_daemon_gave_up_closes_the_slot_of_the_next_one_likewise()
    {
        Ask();
        Slot.GiveUp();
        RecoverySlot next = new(_guest.Page.Backend, _guest);

        Assert.Equal(RecoveryReply.Overdue, next.Ask(Question, Replied));
        Assert.False(_guest.Page.Frontend.TryReadRecovery(out _));

        _guest.Page.Frontend.AnswerRecovery(5);

        Assert.Equal(RecoveryReply.Asked, next.Ask(Question, Replied));
    }

    [Fact]
    public void The_end_of_a_question_that_is_nobody_s_here_is_waited_for()
    {
        _guest.Page.Frontend.ToggleFlags(SharedFlags.BackendActive, SharedFlags.None);
        Assert.Equal(RecoveryReply.Occupied, Ask());

        Assert.True(Slot.AwaitEarlier(Replied));
        Assert.Equal(1, _guest.Notifications);
        _guest.Page.Frontend.AnswerRecovery(4);
        Look(isAnswered: true);

        Assert.Equal([(RecoveryReply.Answered, 4)], _replies);
        Assert.Equal(RecoveryReply.Asked, Ask());
    }

    [Fact]
    public void A_guest_that_is_detached_ends_what_is_waited_for_and_its_page_is_not_touched_any_more()
    {
        Ask();
        Slot.Close();
        byte[] before = _guest.Page.Bytes.ToArray();

        Assert.Equal([(RecoveryReply.Closed, 0)], _replies);
        Assert.Equal(RecoveryReply.Closed, Ask());
        Assert.False(Slot.AwaitEarlier(Replied));
        Slot.GiveUp();
        Assert.Empty(_guest.Page.ChangedBytes(before));
    }

    [Fact]
    public void A_look_costs_nothing_while_nothing_is_asked()
    {
        _guest.Page.Frontend.ToggleFlags(SharedFlags.BackendActive, SharedFlags.BackendActive);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 1000; i++)
        {
            default(IngestStage).Process(_guest.Operation);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Empty(_replies);
    }

    private RecoveryReply Ask() => Slot.Ask(Question, Replied);

    private void Replied(RecoveryReply reply, int answer) => _replies.Add((reply, answer));

    private void Look(bool isAnswered = false) =>
        Assert.Equal(isAnswered ? StageFlow.Aside : StageFlow.Idle, default(IngestStage).Process(_guest.Operation));
}
