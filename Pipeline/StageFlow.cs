namespace PciBackFlow.Pipeline;

/// <summary>Where an item goes after a stage.</summary>
public enum StageFlow : byte
{
    /// <summary>On to the next stage; after the last stage the item is finished.</summary>
    Continue = 0,

    /// <summary>Nothing to do: the lane held no work (the first stage), or its answer is no longer wanted.</summary>
    Idle = 1,

    /// <summary>The next stage may block for long: a worker runs it, the shard takes the item back afterwards.</summary>
    Offload = 2,

    /// <summary>
    /// This thread lost the item: the watchdog found it stuck and gave the shard to another thread. The caller
    /// touches nothing of the shard any more.
    /// </summary>
    Lost = 3,

    /// <summary>The lane held no work, but something else that was waited for and is done with (the first stage): its event had a reason.</summary>
    Aside = 4,
}
