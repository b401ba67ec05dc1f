using System.Collections.Concurrent;
using System.Threading.Tasks.Dataflow;
using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// The stages between the shard's look and its answer, each a TPL Dataflow block on pool threads. The first stage and those
/// from the return stage on stay with the shard, because the shard alone writes what the lane shares with its peer. It allocates by design.
/// </summary>
internal sealed class DataflowLine<TItem, TChain> : IHandover<TItem>, IDisposable
    where TItem : PipelineItem
    where TChain : struct, IStageChain<TItem>
{
    private readonly TChain _chain;
    private readonly WorkerPool<TItem, TChain> _workers;
    private readonly ActionBlock<Place<TItem>>[] _blocks;
    private readonly ConcurrentDictionary<int, Carrier> _threads = new();
    private readonly int _first;

    internal DataflowLine(TChain chain, int first, int end, WorkerPool<TItem, TChain> workers)
    {
        _chain = chain;
        _first = first;
        _workers = workers;
        _blocks = new ActionBlock<Place<TItem>>[end - first];
        for (int i = 0; i < _blocks.Length; i++)
        {
            int stage = first + i;
            _blocks[i] = new ActionBlock<Place<TItem>>(place => RunStage(place.Take(), stage), new ExecutionDataflowBlockOptions
            {
                // What waits is bounded by the lanes, each with one place before each block.
                BoundedCapacity = DataflowBlockOptions.Unbounded,

                // A stuck item must not hold up the others of its stage.
                MaxDegreeOfParallelism = DataflowBlockOptions.Unbounded,
            });
        }
    }

    public void MakePlaces(Place<TItem>?[] places)
    {
        for (int i = 0; i < _blocks.Length; i++)
        {
            places[_first + i] = new Place<TItem>();
        }
    }

    public bool TryPost(TItem item) => TryPost(item, block: 0);

    internal void Collect(List<Carrier> carriers) => carriers.AddRange(_threads.Values);

    public void Dispose()
    {
        foreach (ActionBlock<Place<TItem>> block in _blocks)
        {
            block.Complete();
        }

        foreach (ActionBlock<Place<TItem>> block in _blocks)
        {
            block.Completion.Wait(PipelineTimes.JoinMilliseconds);
        }
    }

    private bool TryPost(TItem item, int block)
    {
        Place<TItem> place = ((Lane<TItem>)item.Lane!).Places[_first + block]!;
        bool fits = !place.Put(item, out TItem? late) || _blocks[block].Post(place);
        if (late is not null)
        {
            ((Lane<TItem>)late.Lane!).Home.Finish(late, PipelineItem.Refused, late.NextStage);
        }

        return fits;
    }

    private void RunStage(TItem item, int stage)
    {
        IItemHome<TItem> home = ((Lane<TItem>)item.Lane!).Home;
        Carrier me = _threads.GetOrAdd(Environment.CurrentManagedThreadId, static _ =>
        {
            var carrier = new Carrier("pool");
            carrier.Begin();
            return carrier;
        });
        TChain stages = _chain;
        int next = stage;
        StageFlow flow = StageFlow.Continue;
        if (!item.IsExpired)
        {
            flow = item.Timed ? stages.RunTimed(item, stage, stage + 1, out next) : stages.Run(item, stage, stage + 1, out next);
            me.Note(stage, next);
        }

        item.NextStage = next;
        int following = next - _first;
        if (flow == StageFlow.Offload)
        {
            if (!_workers.TryPost(item))
            {
                home.Finish(item, PipelineItem.Refused, next);
            }
        }
        else if (flow != StageFlow.Continue || next == stage || following >= _blocks.Length)
        {
            home.Finish(item, flow, next);
        }
        else if (!TryPost(item, following))
        {
            home.Finish(item, PipelineItem.Refused, next);
        }

        me.NoteAllocated();
    }
}
