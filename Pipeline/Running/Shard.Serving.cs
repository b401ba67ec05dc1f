using System.Diagnostics;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// This part: one look at a lane, and where its item goes from there. It has no fields of its own: it moves items between the lists of the lanes.
/// </summary>
internal sealed partial class Shard<TItem, TChain>
{
    // One look at a lane, and its request run as far as this thread runs it. False when this thread lost the shard.
    private bool Serve(Lane<TItem> lane)
    {
        TItem item = lane.Item;
        StageFlow flow;
        int next;
        _carrier.Current = item;
        item.TimedFor = Clock.IsDue ? TimedFor.Clock : TimedFor.Nobody;
        if (Probe is { } looking && looking.IsDue(item))
        {
            item.TimedFor |= TimedFor.Probe;
        }

        if (item.Timed)
        {
            item.TimedSince = Stopwatch.GetTimestamp();
            item.Ticks = default;
            item.NoteAccesses(0, 0);
            flow = _chain.RunTimed(item, 0, _handoverStage, out next);
        }
        else if (_handoverStage == _chain.Count)
        {
            flow = _chain.RunAll(item, out next);
        }
        else
        {
            flow = _chain.Run(item, 0, _handoverStage, out next);
        }

        if (item.IsTaken)
        {
            return Lose(item, flow, next);
        }

        _carrier.Note(0, next);
        if (flow == StageFlow.Idle && next == 1)
        {
            return true;
        }

        Clock.Found();
        Probe?.Found(item);
        lane.ServedSinceDelivery = true;
        lane.JustServed = true;
        return Route(lane, item, flow, next);
    }

    // Runs an item that is home from a stage on.
    private bool Continue(Lane<TItem> lane, TItem item, int from)
    {
        int to = from < _handoverStage ? _handoverStage : _chain.Count;
        StageFlow flow = StageFlow.Continue;
        int next = from;
        if (from != _handoverStage || from == _chain.Count)
        {
            _carrier.Current = item;
            flow = item.Timed ? _chain.RunTimed(item, from, to, out next) : _chain.Run(item, from, to, out next);
            if (item.IsTaken)
            {
                return Lose(item, flow, next);
            }

            _carrier.Note(from, next);
        }

        return Route(lane, item, flow, next);
    }

    // Where an item goes after the stages this thread ran.
    private bool Route(Lane<TItem> lane, TItem item, StageFlow flow, int next)
    {
        if (flow == StageFlow.Offload)
        {
            SendAway(lane, item, next);
            if (_workers.TryPost(item))
            {
                _counters.Offloaded++;
                return true;
            }

            return AnswerRefused(lane, item);
        }

        if (flow == StageFlow.Continue && next == _chain.Count)
        {
            Volatile.Write(ref _counters.Served, _counters.Served + 1);
            if (item.Timed)
            {
                Record(item);
            }
        }
        else if (flow == StageFlow.Continue && next == _handoverStage)
        {
            SendAway(lane, item, next);
            if (!_handover!.TryPost(item))
            {
                return AnswerRefused(lane, item);
            }

            _lastHandover = Stopwatch.GetTimestamp();
            return true;
        }

        // Served: the next request of this lane may follow at once.
        if (_spinTicks > 0)
        {
            MakeHot(lane);
        }

        return true;
    }

    private void Record(TItem item)
    {
        if ((item.TimedFor & TimedFor.Clock) != 0)
        {
            Clock.Record(item);
        }

        if ((item.TimedFor & TimedFor.Probe) != 0)
        {
            Probe?.Record(item);
        }
    }

    private void SendAway(Lane<TItem> lane, TItem item, int next)
    {
        // Current first: the watchdog must not take an access of the next owner for one of this thread.
        _carrier.Current = null;
        item.NextStage = next;
        lane.Away = true;
        _handedOver++;
        lane.LeftAt = Stopwatch.GetTimestamp();
        AddTimer(lane, lane.LeftAt + PipelineTimes.FromMilliseconds(item.DeadlineMilliseconds));
        item.LeaveHome();
    }

    private void NoteBack(Lane<TItem> lane)
    {
        lane.Away = false;
        _handedOver--;
        RemoveTimer(lane);
    }

    private bool AnswerRefused(Lane<TItem> lane, TItem item)
    {
        _counters.NoPlace++;
        NoteBack(lane);
        return AnswerInstead(lane, item, FailureCause.Queue);
    }

    // A fresh item that answers for one that is late, lost or without a place.
    private TItem MakeAnswerFor(Lane<TItem> lane, TItem item, FailureCause cause)
    {
        TItem fresh = _spares.Take();
        fresh.ComeHome();
        fresh.Lane = lane;
        fresh.TimedFor = TimedFor.Nobody;
        fresh.AnswerFor(item, cause);
        return fresh;
    }

    private bool Answer(Lane<TItem> lane, TItem fresh)
    {
        lane.Item = fresh;
        lane.JustServed = true;
        return Resume(lane, fresh, _returnStage);
    }

    // An item that this thread owns is answered for by a fresh one.
    private bool AnswerInstead(Lane<TItem> lane, TItem item, FailureCause cause)
    {
        TItem fresh = MakeAnswerFor(lane, item, cause);
        if (cause == FailureCause.Lost)
        {
            item.Discard();
        }

        Recycle(item);
        return Answer(lane, fresh);
    }

    // The deadline's side of the race. False when this thread lost the shard.
    private bool Expire(Lane<TItem> lane, long now)
    {
        TItem late = lane.Item;
        long due = LatestReturn(lane, late, now);
        if (now < due)
        {
            lane.DueAt = due;
            return true;
        }

        // The answer is made before the race is decided: from the moment the deadline wins, the worker may drop the item and another lane
        // may get it, so nothing of it can be read any more. Until then it's away or on its way back, and keeps its identity.
        TItem fresh = MakeAnswerFor(lane, late, FailureCause.Deadline);
        if (!late.TryExpire())
        {
            // The completion won and is about to arrive.
            Recycle(fresh);
            lane.DueAt = long.MaxValue;
            return true;
        }

        Volatile.Write(ref _counters.Expired, _counters.Expired + 1);
        NoteBack(lane);
        return Answer(lane, fresh);
    }

    // When an away item is late: its deadline after a thread took it; while it waits for its turn it is looked at again that much later, and never after
    // its peer's patience.
    private static long LatestReturn(Lane<TItem> lane, TItem item, long now)
    {
        long started = item.StartedAt;
        long due = (started != 0 ? started : now) + PipelineTimes.FromMilliseconds(item.DeadlineMilliseconds);
        return Math.Min(due, lane.LeftAt + PipelineTimes.FromMilliseconds(item.PatienceMilliseconds));
    }

    // After an absence the lane is looked at again, also where nothing spins: its port may still be masked.
    private bool Resume(Lane<TItem> lane, TItem item, int from)
    {
        MakeHot(lane);
        return Continue(lane, item, from);
    }

    private static bool Lose(TItem item, StageFlow flow, int next)
    {
        item.Outcome = flow;
        item.NextStage = next;
        return false;
    }

    private bool DrainMailbox()
    {
        // The rest of the chain is in a field: a new thread goes on with it if this one gets stuck in the middle.
        while ((_returned ??= _mailbox.TakeAll()) is TItem item)
        {
            _returned = item.NextInMailbox;
            item.NextInMailbox = null;
            if (!ComeBack(item))
            {
                return false;
            }

            // Results that keep coming home must not keep those waiting who have only just signalled.
            if (++_returns % VisitsBetweenLooks == 0)
            {
                AskSourceWhenDue(Stopwatch.GetTimestamp());
            }
        }

        return true;
    }

    private bool ComeBack(TItem item)
    {
        var lane = (Lane<TItem>)item.Lane!;
        if (lane.Away)
        {
            NoteBack(lane);
        }

        if (lane.Detached)
        {
            item.Discard();
            Recycle(item);
            return true;
        }

        switch (item.Outcome)
        {
            case StageFlow.Continue:
                item.ComeHome();
                lane.JustServed = true;
                return Resume(lane, item, item.NextStage);
            case PipelineItem.Refused:
                _counters.NoPlace++;
                return AnswerInstead(lane, item, FailureCause.Queue);
            case StageFlow.Idle:
                item.ComeHome();
                MakeHot(lane);
                return true;
            default:
                // Lost: its thread gave up half-way.
                return AnswerInstead(lane, item, FailureCause.Lost);
        }
    }
}
