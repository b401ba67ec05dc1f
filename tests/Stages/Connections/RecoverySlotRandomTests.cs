using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Connections;

/// <summary>The recovery slot under guests that do anything to their page in any order.</summary>
public sealed class RecoverySlotRandomTests
{
    [Fact]
    public void Whatever_a_guest_does_each_question_ends_once_and_nothing_but_the_slot_and_its_bit_is_written()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            Play(new(seed), seed);
        }
    }

    private static void Play(Random random, int seed)
    {
        using TestGuest guest = new();
        RecoverySlot slot = guest.Connection.Recovery;
        int begun = 0;
        int ended = 0;
        bool isClosed = false;
        for (int step = 0; step < 60; step++)
        {
            byte[] before = guest.Page.Bytes.ToArray();
            int choice = random.Next(9);
            bool isGuests = choice < 4;
            switch (choice)
            {
                case 0:
                    guest.Page.Frontend.AnswerRecovery(random.Next(4) == 0 ? random.Next() : random.Next(8));
                    break;
                case 1:
                    guest.Page.Frontend.ToggleFlags((SharedFlags)(random.Next() & 6), (SharedFlags)(random.Next() & 6));
                    break;
                case 2:
                    guest.Page.Bytes[random.Next(SharedInfoLayout.AerOp, SharedInfoLayout.Size)] = (byte)random.Next();
                    break;
                case 3:
                    guest.Page.Frontend.AnnounceAerHandler();
                    break;
                case 4:
                    bool isFree = !slot.IsAwaited;
                    RecoveryReply asked = slot.Ask(new((PciOpCode)random.Next(6, 10), (ChannelState)random.Next(1, 4), 0, 0, (uint)random.Next(256)), Reply);
                    Assert.Equal(asked == RecoveryReply.Asked, isFree && slot.IsAwaited);
                    Assert.True(!isClosed || asked == RecoveryReply.Closed, $"seed {seed}, step {step}: {asked} of a closed slot");
                    begun += asked == RecoveryReply.Asked ? 1 : 0;
                    break;
                case 5:
                    begun += slot.AwaitEarlier(Reply) ? 1 : 0;
                    break;
                case 6:
                    slot.GiveUp();
                    break;
                case 7 when random.Next(20) == 0:
                    slot.Close();
                    isClosed = true;
                    break;
                default:
                    slot.Look(guest.Page.Backend.ReadFlags());
                    break;
            }

            Assert.All(
                isGuests ? [] : guest.Page.ChangedBytes(before),
                at => Assert.True(
                    !isClosed && (at == SharedInfoLayout.Flags || (at >= SharedInfoLayout.AerOp && at < SharedInfoLayout.Size)),
                    $"seed {seed}, step {step}: byte {at}"));
            Assert.Equal(begun, ended + (slot.IsAwaited ? 1 : 0));
        }

        slot.Close();
        Assert.Equal(begun, ended);

        void Reply(RecoveryReply reply, int answer)
        {
            Assert.True(reply is RecoveryReply.Answered or RecoveryReply.Overdue or RecoveryReply.Closed, $"seed {seed}: {reply}");
            ended++;
        }
    }
}
