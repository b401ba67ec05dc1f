using System.Diagnostics;
using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>The stages between two cuts, on a thread of their own behind a queue with a place for every lane of the shard.</summary>
internal sealed class QueuedPart<TItem, TChain> : IHandover<TItem>, ITakeOver, IDisposable
    where TItem : PipelineItem
    where TChain : struct, IStageChain<TItem>
{
    private readonly TChain _chain;
    private readonly int _from;
    private readonly int _to;
    private readonly QueuedPart<TItem, TChain>? _nextPart;
    private readonly WorkerPool<TItem, TChain> _workers;
    private readonly Action _countTakeover;
    private readonly string _name;
    private readonly long _spinTicks;
    private readonly PlaceQueue<TItem> _queue = new();
    private readonly ParkingSpot _parking = new();
    private Carrier _holder;
    private Thread? _thread;
    private long _progress;
    private int _stopping;

    internal QueuedPart(
        TChain chain, int shard, int from, int to, QueuedPart<TItem, TChain>? nextPart, WorkerPool<TItem, TChain> workers,
        EngineOptions options, Action countTakeover)
    {
        _chain = chain;
        _from = from;
        _to = to;
        _nextPart = nextPart;
        _workers = workers;
        _countTakeover = countTakeover;
        _name = $"shard {shard} {chain.NameOf(from)}";
        _holder = new Carrier(_name);
        _spinTicks = PipelineTimes.FromMicroseconds(options.SpinMicroseconds);
    }

    public Carrier Holder => Volatile.Read(ref _holder);

    public long Progress => Volatile.Read(ref _progress);

    public void MakePlaces(Place<TItem>?[] places)
    {
        places[_from] = _queue.MakePlace();
        _nextPart?.MakePlaces(places);
    }

    public bool TryPost(TItem item)
    {
        var lane = (Lane<TItem>)item.Lane!;
        if (!_queue.TryPost(lane.Places[_from]!, item, out TItem? late))
        {
            return false;
        }

        if (late is not null)
        {
            ((Lane<TItem>)late.Lane!).Home.Finish(late, PipelineItem.Refused, late.NextStage);
        }

        _parking.Signal();
        return true;
    }

    public void TakeOver(PipelineItem stuck, long since)
    {
        _countTakeover();
        Start(new Carrier(_name));
    }

    internal void Start() => Start(_holder);

    internal void WakeForReport() => _parking.Signal();

    public void Dispose()
    {
        Volatile.Write(ref _stopping, 1);
        _parking.Signal();
        if (_thread?.Join(PipelineTimes.JoinMilliseconds) ?? true)
        {
            _parking.Dispose();
        }
    }

    private void Start(Carrier carrier)
    {
        Volatile.Write(ref _holder, carrier);
        _thread = new Thread(() => RunLoop(carrier)) { IsBackground = true, Name = _name };
        _thread.Start();
    }

    private void RunLoop(Carrier me)
    {
        TChain stages = _chain;
        var wait = default(SpinWait);
        me.Begin();
        while (Volatile.Read(ref _stopping) == 0)
        {
            if (me.IsAsked)
            {
                me.Answer();
            }

            if (_queue.TryTake(out TItem? item))
            {
                wait.Reset();
                if (!RunItem(ref stages, item, me))
                {
                    return;
                }
            }
            else if (_queue.Count > 0)
            {
                // The oldest is still being written, and its writer may be waiting for this very processor.
                wait.SpinOnce(sleep1Threshold: -1);
            }
            else if (!SpinForItem(me))
            {
                _parking.Announce();
                if (_queue.Count > 0 || me.IsAsked || Volatile.Read(ref _stopping) != 0)
                {
                    _parking.Withdraw();
                }
                else
                {
                    _parking.Park();
                }
            }
        }
    }

    private bool SpinForItem(Carrier me)
    {
        if (_spinTicks == 0)
        {
            return false;
        }

        long until = Stopwatch.GetTimestamp() + _spinTicks;
        while (Stopwatch.GetTimestamp() < until)
        {
            if (_queue.Count > 0 || me.IsAsked)
            {
                return true;
            }

            Thread.SpinWait(8);
        }

        return false;
    }

    // False when this thread lost its role.
    private bool RunItem(ref TChain stages, TItem item, Carrier me)
    {
        IItemHome<TItem> home = ((Lane<TItem>)item.Lane!).Home;
        int next = _from;
        StageFlow flow = StageFlow.Continue;
        if (!item.IsExpired)
        {
            me.Current = item;
            flow = item.Timed ? stages.RunTimed(item, _from, _to, out next) : stages.Run(item, _from, _to, out next);
            me.Note(_from, next);
            if (item.IsTaken)
            {
                me.AwaitReplaced();
                item.ClearTaken();
                Forward(item, flow, next, home);
                return false;
            }

            me.Current = null;
            Volatile.Write(ref _progress, _progress + 1);
        }

        Forward(item, flow, next, home);
        return true;
    }

    private void Forward(TItem item, StageFlow flow, int next, IItemHome<TItem> home)
    {
        item.NextStage = next;
        if (flow == StageFlow.Offload)
        {
            if (!_workers.TryPost(item))
            {
                home.Finish(item, PipelineItem.Refused, next);
            }

            return;
        }

        if (flow != StageFlow.Continue || next < _to || _nextPart is null)
        {
            home.Finish(item, flow, next);
            return;
        }

        if (!_nextPart.TryPost(item))
        {
            home.Finish(item, PipelineItem.Refused, next);
        }
    }
}
