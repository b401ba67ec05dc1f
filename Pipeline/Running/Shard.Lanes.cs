using System.Diagnostics;
using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// This part: lanes, and which of them are looked at when. Its fields are the lanes and their lists: those hot, those being looked at, those due
/// (<c>_timers</c>, used by the part of that name) and those away (<c>_handedOver</c>, <c>_returned</c>, used by serving).
/// </summary>
internal sealed partial class Shard<TItem, TChain>
{
    // One read of a source returns at most this many ports.
    private const int DeliveryBatch = 64;

    // A round over many lanes looks this often whether the source is to be asked.
    private const int VisitsBetweenLooks = 64;

    private readonly Dictionary<int, Lane<TItem>> _lanes = [];

    // Ports delivered (and masked thereby) before their lane came.
    private readonly HashSet<int> _strays = [];
    private readonly int[] _delivered = new int[DeliveryBatch];

    // Places of lanes that are gone. Late items of those may still wait there, so the next lane goes on with the very places: else lanes that
    // come and go while workers are stuck would fill the queues.
    private readonly Stack<Place<TItem>?[]> _freePlaces = new();
    private Lane<TItem>[] _hot = new Lane<TItem>[16];
    private Lane<TItem>[] _looking = new Lane<TItem>[16];
    private Lane<TItem>[] _timers = new Lane<TItem>[16];
    private int[] _unmask = new int[16];
    private PipelineItem? _returned;
    private int _hotCount;
    private int _timerCount;
    private int _handedOver;
    private int _returns;
    private long _nextTimer = long.MaxValue;
    private long _lastHandover;
    private long _lastAsked;

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

        var lane = new Lane<TItem>(port, item, this, TakePlaces()) { Masked = _strays.Remove(port) };
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
        _freePlaces.Push(lane.Places);
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

    private Place<TItem>?[] TakePlaces()
    {
        if (_freePlaces.TryPop(out Place<TItem>?[]? places))
        {
            return places;
        }

        places = new Place<TItem>?[_chain.Count];
        _workers.MakePlace(places);
        _handover?.MakePlaces(places);

        // In each place one item can wait that is late.
        foreach (Place<TItem>? place in places)
        {
            if (place is not null)
            {
                _spares.Make(1);
            }
        }

        return places;
    }

    // Asking is a system call, and what is looked at needs none. So the source is asked now and then, and only while there are lanes of which it alone can
    // tell: not hot (looked at), away (they come home) or delayed (their time comes). Where a lane of this round is away already, it counts twice until the
    // round's end.
    private void AskSourceWhenDue(long now)
    {
        if (now - _lastAsked >= _sourcePause && _lanes.Count > _hotCount + _timerCount)
        {
            _lastAsked = now;
            Accept(_source.Take(_delivered, 0));
        }
    }

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

            if ((i + 1) % VisitsBetweenLooks == 0)
            {
                AskSourceWhenDue(Stopwatch.GetTimestamp());
            }
        }

        long now = Stopwatch.GetTimestamp();
        int leaving = LeaveHot(now, out bool isQuiet);
        if (leaving > 0 && !UnmaskAndLook(leaving))
        {
            return false;
        }

        if (_hotCount > 0)
        {
            AskSourceWhenDue(now);
            if (isQuiet)
            {
                // Whoever shares this core goes first, a peer perhaps.
                Thread.SpinWait(1);
            }
        }

        return true;
    }

    // Keeps the lanes that were served within the spin budget, their ports masked; collects the others in _looking. Quiet: none was served.
    private int LeaveHot(long now, out bool isQuiet)
    {
        isQuiet = true;
        int kept = 0;
        int leaving = 0;
        for (int i = 0; i < _hotCount; i++)
        {
            Lane<TItem> lane = _hot[i];
            if (lane.JustServed)
            {
                isQuiet = false;
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
    // early is not held against the event that follows). Events without work must not keep the engine busy.
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
}
