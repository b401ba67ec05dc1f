namespace PciBackFlow.Pipeline;

/// <summary>Totals of one shard since its engine's start; not a consistent cut.</summary>
/// <param name="Served">Items that went through all stages.</param>
/// <param name="Wakeups">Times its blocking wait returned.</param>
/// <param name="Deliveries">Port deliveries taken from its source.</param>
/// <param name="Spurious">Deliveries after which no item was served since the lane's previous delivery.</param>
/// <param name="Offloaded">Items handed to a worker.</param>
/// <param name="NoPlace">Items answered with a failure because a queue between threads had no place for them; 0 unless the engine is broken.</param>
/// <param name="Expired">Items whose deadline passed before the thread that had them finished.</param>
/// <param name="LateResults">Items dropped because their deadline had won.</param>
/// <param name="Takeovers">Times it was given to a new thread because its own was stuck, parts of a queued topology included.</param>
public readonly record struct ShardTotals(
    long Served,
    long Wakeups,
    long Deliveries,
    long Spurious,
    long Offloaded,
    long NoPlace,
    long Expired,
    long LateResults,
    long Takeovers);
