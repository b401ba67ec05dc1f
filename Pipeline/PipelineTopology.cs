namespace PciBackFlow.Pipeline;

/// <summary>How stages are laid over threads.</summary>
public enum PipelineTopology : byte
{
    /// <summary>All stages as straight-line code on the shard's thread. The default.</summary>
    Fused = 0,

    /// <summary>Bounded channels at chosen cuts, each part on its own thread.</summary>
    Queued = 1,

    /// <summary>One TPL Dataflow block per stage: for topology experiments, it allocates by design.</summary>
    Dataflow = 2,
}
