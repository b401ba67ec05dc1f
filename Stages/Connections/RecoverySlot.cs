using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Connections;

/// <summary>
/// The recovery slot of one guest's page: one question at a time, from the backend to the frontend. The protocol numbers nothing, so an answer that comes after
/// its question was given up must not be taken for the next one's: the slot stays closed until that answer has been seen. All of it is called on the guest's
/// shard; <see cref="IsAwaited"/> is looked at in every idle look, and costs nothing else.
/// </summary>
/// <param name="page">The guest's page.</param>
/// <param name="notifier">How to signal it.</param>
public sealed class RecoverySlot(SharedPage page, IGuestNotifier notifier)
{
    // Neither a state nor a verdict: whoever answers writes something else over it.
    private const int Unanswered = 0;

    // An answer that is written in the very moment in which its question is given up leaves no trace: the slot must not stay closed for that.
    private const int OverdueMilliseconds = 60_000;

    private Action<RecoveryReply, int>? _reply;

    // The page remembers what an earlier daemon gave up, and its late answer is as little one of ours.
    private bool _isOverdue = IsWithdrawn(page);
    private long _overdueSince = Environment.TickCount64;
    private bool _isClosed;

    /// <summary>Whether an answer, or the end of an earlier question, is waited for.</summary>
    public bool IsAwaited { get; private set; }

    /// <summary>Asks.</summary>
    /// <param name="request">What.</param>
    /// <param name="reply">
    /// Called once on the shard when <see cref="RecoveryReply.Asked"/> was returned, with what the guest left in the slot, any 32 bits; must neither block nor
    /// throw.
    /// </param>
    /// <returns>Whether it was asked; else why not, and nothing will be called.</returns>
    public RecoveryReply Ask(in RecoveryRequest request, Action<RecoveryReply, int> reply)
    {
        if (_isClosed)
        {
            return RecoveryReply.Closed;
        }

        SharedFlags flags = page.ReadFlags();
        if ((flags & SharedFlags.AerHandler) == 0)
        {
            return RecoveryReply.NoHandler;
        }

        if (IsAwaited || (flags & SharedFlags.BackendActive) != 0)
        {
            return RecoveryReply.Occupied;
        }

        if (_isOverdue)
        {
            if (page.ReadVerdict() == Unanswered && Environment.TickCount64 - _overdueSince < OverdueMilliseconds)
            {
                return RecoveryReply.Overdue;
            }

            _isOverdue = false;
        }

        _reply = reply;
        IsAwaited = true;
        page.WriteRecovery(request);

        // Full fence: the question is complete before the bit says so.
        page.SetFlags(SharedFlags.BackendActive);
        notifier.Notify();
        return RecoveryReply.Asked;
    }

    /// <summary>Waits for the end of a question that is not this daemon's: an earlier one asked it, or the guest pretends so.</summary>
    /// <param name="reply">As for <see cref="Ask"/>.</param>
    /// <returns>Whether it is waited for.</returns>
    public bool AwaitEarlier(Action<RecoveryReply, int> reply)
    {
        if (_isClosed || IsAwaited)
        {
            return false;
        }

        _reply = reply;
        IsAwaited = true;

        // The guest may have been quicker, or an earlier daemon's signal may have gone lost with it.
        Look(page.ReadFlags());
        if (IsAwaited)
        {
            notifier.Notify();
        }

        return true;
    }

    /// <summary>The guest's page was looked at while an answer is waited for.</summary>
    /// <param name="flags">Its flags. They were acquired: an answer that they announce is complete.</param>
    /// <returns>Whether there was one.</returns>
    public bool Look(SharedFlags flags)
    {
        if (!IsAwaited || (flags & SharedFlags.BackendActive) != 0)
        {
            return false;
        }

        End(RecoveryReply.Answered, page.ReadVerdict());
        return true;
    }

    /// <summary>Its time is up: the question is withdrawn, unless it has been answered at the last moment.</summary>
    public void GiveUp()
    {
        if (!IsAwaited)
        {
            return;
        }

        // Who clears the bit has decided: a guest that finds it clear has answered too late.
        if ((page.ClearFlags(SharedFlags.BackendActive) & SharedFlags.BackendActive) == 0)
        {
            End(RecoveryReply.Answered, page.ReadVerdict());
            return;
        }

        page.WriteVerdict(Unanswered);
        _isOverdue = true;
        _overdueSince = Environment.TickCount64;
        End(RecoveryReply.Overdue, Unanswered);
    }

    /// <summary>The guest is being detached: its page is not touched any more.</summary>
    public void Close()
    {
        _isClosed = true;
        if (IsAwaited)
        {
            End(RecoveryReply.Closed, Unanswered);
        }
    }

    // Where nobody was ever asked, the slot is the zeroes of a new page.
    private static bool IsWithdrawn(SharedPage page) =>
        page.ReadQuestion() != 0 && (page.ReadFlags() & SharedFlags.BackendActive) == 0 && page.ReadVerdict() == Unanswered;

    private void End(RecoveryReply reply, int value)
    {
        Action<RecoveryReply, int>? waiting = _reply;
        _reply = null;
        IsAwaited = false;
        waiting?.Invoke(reply, value);
    }
}
