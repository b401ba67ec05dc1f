using System.Diagnostics;

namespace PciBackFlow.Pipeline;

/// <summary>
/// Six stages in their order. All type parameters are structs: the runtime compiles one straight-line version per chain, and
/// no call between stages goes through an interface.
/// </summary>
/// <typeparam name="TItem">What travels.</typeparam>
/// <typeparam name="T1">First stage: looks whether the lane holds work.</typeparam>
/// <typeparam name="T2">Second stage.</typeparam>
/// <typeparam name="T3">Third stage; may offload the fourth.</typeparam>
/// <typeparam name="T4">Fourth stage: the one that may touch hardware.</typeparam>
/// <typeparam name="T5">Fifth stage: answers; always on the shard's thread.</typeparam>
/// <typeparam name="T6">Sixth stage; always on the shard's thread.</typeparam>
public struct StageChain<TItem, T1, T2, T3, T4, T5, T6> : IStageChain<TItem>
    where TItem : PipelineItem
    where T1 : struct, IStage<TItem>
    where T2 : struct, IStage<TItem>
    where T3 : struct, IStage<TItem>
    where T4 : struct, IStage<TItem>
    where T5 : struct, IStage<TItem>
    where T6 : struct, IStage<TItem>
{
    private T1 _stage1;
    private T2 _stage2;
    private T3 _stage3;
    private T4 _stage4;
    private T5 _stage5;
    private T6 _stage6;

    /// <summary>A chain of these stages. Every carrying thread works on its own copy.</summary>
    /// <param name="stage1">First.</param>
    /// <param name="stage2">Second.</param>
    /// <param name="stage3">Third.</param>
    /// <param name="stage4">Fourth.</param>
    /// <param name="stage5">Fifth.</param>
    /// <param name="stage6">Sixth.</param>
    public StageChain(T1 stage1, T2 stage2, T3 stage3, T4 stage4, T5 stage5, T6 stage6)
    {
        _stage1 = stage1;
        _stage2 = stage2;
        _stage3 = stage3;
        _stage4 = stage4;
        _stage5 = stage5;
        _stage6 = stage6;
    }

    /// <summary>Number of stages: 6.</summary>
    public readonly int Count => 6;

    /// <summary>The name a stage reports under.</summary>
    /// <param name="stage">0 to 5.</param>
    /// <returns>Its name.</returns>
    public readonly string NameOf(int stage) => stage switch
    {
        0 => T1.Name,
        1 => T2.Name,
        2 => T3.Name,
        3 => T4.Name,
        4 => T5.Name,
        _ => T6.Name,
    };

    /// <inheritdoc/>
    StageFlow IStageChain<TItem>.RunAll(TItem item, out int next)
    {
        // After each stage: the watchdog may have taken the item while the stage was stuck, and what follows belongs to the
        // shard's new thread. One load of a line this thread has just written.
        next = 1;
        StageFlow flow = _stage1.Process(item);
        if (flow != StageFlow.Continue || item.IsTaken)
        {
            return flow;
        }

        next = 2;
        flow = _stage2.Process(item);
        if (flow != StageFlow.Continue || item.IsTaken)
        {
            return flow;
        }

        next = 3;
        flow = _stage3.Process(item);
        if (flow != StageFlow.Continue || item.IsTaken)
        {
            return flow;
        }

        next = 4;
        flow = _stage4.Process(item);
        if (flow != StageFlow.Continue || item.IsTaken)
        {
            return flow;
        }

        next = 5;
        flow = _stage5.Process(item);
        if (flow != StageFlow.Continue || item.IsTaken)
        {
            return flow;
        }

        next = 6;
        return _stage6.Process(item);
    }

    /// <inheritdoc/>
    StageFlow IStageChain<TItem>.Run(TItem item, int from, int to, out int next)
    {
        StageFlow flow = StageFlow.Continue;
        next = from;
        while (next < to && flow == StageFlow.Continue && !item.IsTaken)
        {
            flow = RunOne(item, next++);
        }

        return flow;
    }

    /// <inheritdoc/>
    StageFlow IStageChain<TItem>.RunTimed(TItem item, int from, int to, out int next)
    {
        StageFlow flow = StageFlow.Continue;
        next = from;
        long edge = Stopwatch.GetTimestamp();
        while (next < to && flow == StageFlow.Continue && !item.IsTaken)
        {
            flow = RunOne(item, next);
            long after = Stopwatch.GetTimestamp();
            item.Ticks[next++] = after - edge;
            edge = after;
        }

        return flow;
    }

    private StageFlow RunOne(TItem item, int stage) => stage switch
    {
        0 => _stage1.Process(item),
        1 => _stage2.Process(item),
        2 => _stage3.Process(item),
        3 => _stage4.Process(item),
        4 => _stage5.Process(item),
        _ => _stage6.Process(item),
    };
}
