namespace PciBackFlow.Pipeline;

/// <summary>Totals of an engine since its start.</summary>
/// <param name="Served">Items that went through all stages.</param>
/// <param name="Wakeups">Times a shard's blocking wait returned.</param>
/// <param name="Deliveries">Port deliveries taken from sources.</param>
/// <param name="Spurious">Deliveries after which no item was served since the lane's previous delivery.</param>
/// <param name="Offloaded">Items handed to a worker.</param>
/// <param name="WorkerQueueFull">Items answered with a failure because the worker queue was full.</param>
/// <param name="Expired">Items whose deadline passed before their worker finished.</param>
/// <param name="LateResults">Worker results dropped because the deadline had won.</param>
/// <param name="Takeovers">Times a shard was given to a new thread because its own was stuck.</param>
public readonly record struct EngineCounters(
    long Served,
    long Wakeups,
    long Deliveries,
    long Spurious,
    long Offloaded,
    long WorkerQueueFull,
    long Expired,
    long LateResults,
    long Takeovers);
