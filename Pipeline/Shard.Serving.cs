using System.Diagnostics;

namespace PciBackFlow.Pipeline;

/// <summary>This part: lanes, rounds, timers.</summary>
internal sealed partial class Shard<TItem, TChain>
{
    // One read of a source returns at most this many ports.
    private const int DeliveryBatch = 64;

    // A busy shard asks its source for newly delivered ports at least this often.
    private const int VisitsBetweenPolls = 64;
    private const int RoundsBetweenPolls = 8;

    private readonly Dictionary<int, Lane<TItem>> _lanes = [];

    // Ports delivered (and masked thereby) before their lane came.
    private readonly HashSet<int> _strays = [];
    private readonly int[] _delivered = new int[DeliveryBatch];
    private Lane<TItem>[] _hot = new Lane<TItem>[16];
    private Lane<TItem>[] _looking = new Lane<TItem>[16];
    private Lane<TItem>[] _timers = new Lane<TItem>[16];
    private int[] _unmask = new int[16];
    private PipelineItem? _returned;
    private int _hotCount;
    private int _timerCount;
    private int _handedOver;
    private int _rounds;
    private long _nextTimer = long.MaxValue;
    private long _lastHandover;

    /// <summary>Shard thread.</summary>
    internal void AddLane(int port, TItem item)
    {
        if (_lanes.ContainsKey(port))
        {
            throw new ArgumentException($"port {port} has a lane already", nameof(port));
        }

        if (_lanes.Count >= _laneCapacity)
        {
            throw new InvalidOperationException($"shard {_index} has {_lanes.Count} lanes; LaneCapacity allows no more");
        }

        if (_lanes.Count == _hot.Length)
        {
            // Room for every lane is made here, so that no list grows while requests run.
            int size = _hot.Length * 2;
            Array.Resize(ref _hot, size);
            Array.Resize(ref _looking, size);
            Array.Resize(ref _timers, size);
            Array.Resize(ref _unmask, size);
        }

        var lane = new Lane<TItem>(port, item, this) { Masked = _strays.Remove(port) };
        item.ComeHome();
        item.Lane = lane;
        _lanes.Add(port, lane);
        MakeHot(lane);
    }

    /// <summary>Shard thread.</summary>
    internal void RemoveLane(int port)
    {
        if (!_lanes.Remove(port, out Lane<TItem>? lane))
        {
            return;
        }

        lane.Detached = true;
        RemoveTimer(lane);
        if (lane.Hot)
        {
            int at = Array.IndexOf(_hot, lane, 0, _hotCount);
            _hot[at] = _hot[--_hotCount];
            lane.Hot = false;
        }

        // If the completion has won already, the item is in the mailbox and dropped there.
        if (lane.Away && lane.Item.TryExpire())
        {
            NoteBack(lane);
        }
    }

    private void PollSource() => Accept(_source.Take(_delivered, 0));

    private void Accept(int count)
    {
        _counters.Deliveries += count;
        for (int i = 0; i < count; i++)
        {
            if (!_lanes.TryGetValue(_delivered[i], out Lane<TItem>? lane))
            {
                _strays.Add(_delivered[i]);
                continue;
            }

            lane.Masked = true;
            lane.ServedBeforeDelivery = lane.ServedSinceDelivery;
            lane.ServedSinceDelivery = false;
            MakeHot(lane);
        }
    }

    // A lane that is away or delayed comes back by itself.
    private void MakeHot(Lane<TItem> lane)
    {
        if (!lane.Hot && !lane.Away && lane.TimerIndex < 0 && !lane.Detached)
        {
            lane.Hot = true;
            _hot[_hotCount++] = lane;
        }
    }

    // One look at every hot lane, so at most one request of each; then the lanes whose time is up are unmasked together.
    private bool RunRound()
    {
        int count = _hotCount;
        for (int i = 0; i < count; i++)
        {
            if (!_hot[i].Away && !Serve(_hot[i]))
            {
                return false;
            }

            if ((i + 1) % VisitsBetweenPolls == 0)
            {
                PollSource();
            }
        }

        int leaving = LeaveHot();
        if (leaving > 0 && !UnmaskAndLook(leaving))
        {
            return false;
        }

        if (_hotCount > 0 && ++_rounds % RoundsBetweenPolls == 0)
        {
            PollSource();
        }

        return true;
    }

    // Keeps the lanes that were served within the spin budget, their ports masked; collects the others in _looking.
    private int LeaveHot()
    {
        long now = Stopwatch.GetTimestamp();
        int kept = 0;
        int leaving = 0;
        for (int i = 0; i < _hotCount; i++)
        {
            Lane<TItem> lane = _hot[i];
            if (lane.JustServed)
            {
                lane.JustServed = false;
                lane.LastServed = now;
            }

            if (lane.Away)
            {
                lane.Hot = false;
            }
            else if (_spinTicks > 0 && lane.LastServed != 0 && now - lane.LastServed < _spinTicks)
            {
                _hot[kept++] = lane;
            }
            else
            {
                lane.Hot = false;
                if (lane.Masked && !IsDelayed(lane, now))
                {
                    _looking[leaving++] = lane;
                }
            }
        }

        Array.Clear(_hot, kept, _hotCount - kept);
        _hotCount = kept;
        return leaving;
    }

    // A delivery is spurious if nothing was served since it, nor between it and the one before (what a look without an event had found
    // early is not held against the event that follows). XSA-332: events without work must not keep the backend busy.
    private bool IsDelayed(Lane<TItem> lane, long now)
    {
        if (lane.ServedSinceDelivery || lane.ServedBeforeDelivery)
        {
            lane.SpuriousRun = 0;
            return false;
        }

        _counters.Spurious++;
        lane.SpuriousRun++;
        int delay = PipelineTimes.SpuriousDelayMilliseconds(lane.SpuriousRun);
        if (delay == 0)
        {
            return false;
        }

        AddTimer(lane, now + PipelineTimes.FromMilliseconds(delay));
        return true;
    }

    private bool UnmaskAndLook(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _unmask[i] = _looking[i].Port;
            _looking[i].Masked = false;
        }

        _source.Unmask(_unmask.AsSpan(0, count));

        // Full fence: the looks below must not be satisfied before the ports are open. Pairs with the peer's barrier between its
        // request and its event: either the look sees the request, or its event finds the port open.
        Interlocked.MemoryBarrier();
        for (int i = 0; i < count; i++)
        {
            if (!Serve(_looking[i]))
            {
                return false;
            }
        }

        return true;
    }

    // One look at a lane, and its request run as far as this thread runs it. False when this thread lost the shard.
    private bool Serve(Lane<TItem> lane)
    {
        TItem item = lane.Item;
        StageFlow flow;
        int next;
        _carrier.Current = item;
        item.Timed = Clock.IsDue;
        if (item.Timed)
        {
            item.TimedSince = Stopwatch.GetTimestamp();
            item.Ticks = default;
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
                Clock.Record(item);
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

    private void SendAway(Lane<TItem> lane, TItem item, int next)
    {
        // Current first: the watchdog must not take an access of the next owner for one of this thread.
        _carrier.Current = null;
        item.NextStage = next;
        lane.Away = true;
        _handedOver++;
        AddTimer(lane, Stopwatch.GetTimestamp() + PipelineTimes.FromMilliseconds(item.DeadlineMilliseconds));
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
        _counters.WorkerQueueFull++;
        NoteBack(lane);
        return AnswerInstead(lane, item, discard: false);
    }

    // A fresh item that answers for one that is late, lost or refused.
    private TItem MakeAnswerFor(Lane<TItem> lane, TItem item)
    {
        TItem fresh = _pool.Get();
        fresh.ComeHome();
        fresh.Lane = lane;
        fresh.Timed = false;
        fresh.AnswerFor(item);
        return fresh;
    }

    private bool Answer(Lane<TItem> lane, TItem fresh)
    {
        lane.Item = fresh;
        lane.JustServed = true;
        return Resume(lane, fresh, _returnStage);
    }

    // An item that this thread owns is answered for by a fresh one.
    private bool AnswerInstead(Lane<TItem> lane, TItem item, bool discard)
    {
        TItem fresh = MakeAnswerFor(lane, item);
        if (discard)
        {
            item.Discard();
        }

        Recycle(item);
        return Answer(lane, fresh);
    }

    // The deadline's side of the race. False when this thread lost the shard.
    private bool Expire(Lane<TItem> lane)
    {
        TItem late = lane.Item;

        // The answer is made before the race is decided: from the moment the deadline wins, the worker may drop the item and another lane
        // may get it, so nothing of it can be read any more. Until then it's away or on its way back, and keeps its identity.
        TItem fresh = MakeAnswerFor(lane, late);
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
            if (!TakeBack(item))
            {
                return false;
            }
        }

        return true;
    }

    private bool TakeBack(TItem item)
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
                _counters.WorkerQueueFull++;
                return AnswerInstead(lane, item, discard: false);
            case StageFlow.Idle:
                item.ComeHome();
                MakeHot(lane);
                return true;
            default:
                // Lost: its thread gave up half-way.
                return AnswerInstead(lane, item, discard: true);
        }
    }

    private void AddTimer(Lane<TItem> lane, long due)
    {
        lane.DueAt = due;
        _nextTimer = Math.Min(_nextTimer, due);
        if (lane.TimerIndex < 0)
        {
            lane.TimerIndex = _timerCount;
            _timers[_timerCount++] = lane;
        }
    }

    private void RemoveTimer(Lane<TItem> lane)
    {
        int at = lane.TimerIndex;
        if (at < 0)
        {
            return;
        }

        Lane<TItem> last = _timers[--_timerCount];
        _timers[at] = last;
        last.TimerIndex = at;
        _timers[_timerCount] = null!;
        lane.TimerIndex = -1;
        if (_timerCount == 0)
        {
            _nextTimer = long.MaxValue;
        }
    }

    private int NextTimeout()
    {
        if (_timerCount == 0)
        {
            return -1;
        }

        FindNextTimer();
        return _nextTimer == long.MaxValue ? -1 : PipelineTimes.MillisecondsUntil(_nextTimer, Stopwatch.GetTimestamp());
    }

    private void FindNextTimer()
    {
        _nextTimer = long.MaxValue;
        for (int i = 0; i < _timerCount; i++)
        {
            _nextTimer = Math.Min(_nextTimer, _timers[i].DueAt);
        }
    }

    private bool CheckTimers()
    {
        if (_timerCount == 0 || Stopwatch.GetTimestamp() is var now && now < _nextTimer)
        {
            return true;
        }

        int leaving = 0;
        for (int i = _timerCount - 1; i >= 0; i--)
        {
            Lane<TItem> lane = _timers[i];
            if (lane.DueAt > now)
            {
                continue;
            }

            if (!lane.Away)
            {
                RemoveTimer(lane);
                _looking[leaving++] = lane;
            }
            else if (!Expire(lane))
            {
                return false;
            }
        }

        FindNextTimer();
        return leaving == 0 || UnmaskAndLook(leaving);
    }
}
