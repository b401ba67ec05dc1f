namespace PciBackFlow.Pipeline;

/// <summary>How stages are laid over threads.</summary>
public enum PipelineTopology : byte
{
    /// <summary>All stages as straight-line code on the shard's thread. The default.</summary>
    Fused = 0,

    /// <summary>Bounded queues at chosen cuts, each part on its own thread; the last part runs back on the shard's.</summary>
    Queued = 1,

    /// <summary>A TPL Dataflow block for each stage between the first and the return to the shard: for topology experiments, it allocates by design.</summary>
    Dataflow = 2,
}
