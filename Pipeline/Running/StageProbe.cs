using System.Diagnostics;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// One shard's part of a look at the stages that somebody takes for a while (<see cref="IPipelineEngine{TItem}.TryStartProbe"/>): a stage clock of its own,
/// for some of the items. The shard's thread has it until it is taken from the shard, from then on who took it.
/// </summary>
internal sealed class StageProbe<TItem>(int stages, int every, Func<TItem, bool> wants)
    where TItem : PipelineItem
{
    private readonly StageClock _clock = new(stages, every);
    private readonly long _since = Stopwatch.GetTimestamp();

    /// <summary>Items that were wanted, timed or not.</summary>
    internal long Items { get; private set; }

    internal StageClock Clock => _clock;

    /// <summary>Accesses that were made for the timed items.</summary>
    internal long Accesses { get; private set; }

    /// <summary>What these took, in Stopwatch ticks.</summary>
    internal long AccessTicks { get; private set; }

    /// <summary>Whether this passage is to be timed, if it finds work.</summary>
    internal bool IsDue(TItem item) => _clock.IsDue && wants(item);

    /// <summary>An item was found.</summary>
    internal void Found(TItem item)
    {
        if (wants(item))
        {
            Items++;
            _clock.Found();
        }
    }

    /// <summary>A timed item is through. One that was on its way when this probe began was timed for the one before.</summary>
    internal void Record(TItem item)
    {
        if (item.TimedSince >= _since)
        {
            _clock.Record(item);
            Accesses += item.Accesses;
            AccessTicks += item.AccessTicks;
        }
    }
}
