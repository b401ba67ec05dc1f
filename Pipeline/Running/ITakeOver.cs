namespace PciBackFlow.Pipeline.Running;

/// <summary>A role (shard, part of a queue) that the watchdog can give to another thread.</summary>
internal interface ITakeOver
{
    /// <summary>The thread that has the role.</summary>
    Carrier Holder { get; }

    /// <summary>Grows whenever the role did anything.</summary>
    long Progress { get; }

    /// <summary>Starts a thread that continues where the holder is stuck.</summary>
    void TakeOver(PipelineItem stuck, long since);
}
