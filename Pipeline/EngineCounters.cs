namespace PciBackFlow.Pipeline;

/// <summary>Totals of an engine since its start.</summary>
/// <param name="Served">Items that went through all stages.</param>
/// <param name="Wakeups">Times a shard's blocking wait returned.</param>
/// <param name="Deliveries">Port deliveries taken from sources.</param>
/// <param name="Spurious">Deliveries after which no item was served since the lane's previous delivery.</param>
/// <param name="Offloaded">Items handed to a worker.</param>
/// <param name="NoPlace">
/// Items answered with a failure because a queue between threads had no place for them. Every lane has one, so this is 0 unless the engine is broken.
/// </param>
/// <param name="Expired">Items whose deadline passed before the thread that had them finished.</param>
/// <param name="LateResults">Items dropped because their deadline had won: what a worker did too late, and what was late before its turn came.</param>
/// <param name="Takeovers">Times a shard was given to a new thread because its own was stuck.</param>
/// <param name="ReplacedWorkers">Times a worker was replaced because it was past its item's deadline.</param>
/// <param name="HeldBack">Items that waited although a worker was free, because their lane had its share of the workers.</param>
public readonly record struct EngineCounters(
    long Served,
    long Wakeups,
    long Deliveries,
    long Spurious,
    long Offloaded,
    long NoPlace,
    long Expired,
    long LateResults,
    long Takeovers,
    long ReplacedWorkers,
    long HeldBack);
