namespace PciBackFlow.Pipeline;

/// <summary>How an engine is laid out. Checked once, when the engine is made.</summary>
public sealed record EngineOptions
{
    /// <summary>The most that <see cref="SampleEvery"/> can be.</summary>
    public const int MostSampleEvery = 1_000_000;

    /// <summary>How the stages lie over threads.</summary>
    public PipelineTopology Topology { get; init; } = PipelineTopology.Fused;

    /// <summary>Number of shards, each one thread and one source: 1 to 256.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>How long a thread keeps looking after its last work before it blocks, in microseconds: 0 (blocks at once) to 1,000,000.</summary>
    public int SpinMicroseconds { get; init; } = 20;

    /// <summary>
    /// Worker threads for items that may block, over all shards; started on demand: 1 to 256. One lane has half of them at most, and one that is past its
    /// item's deadline is replaced.
    /// </summary>
    public int Workers { get; init; } = 4;

    /// <summary>
    /// Queued topology: the stages (0-based) before which the item changes threads, ascending, two to five of them, within 1 to 5. The last is
    /// the way back: from that stage on the shard's own thread runs it, in every topology also where it answers without a late item.
    /// </summary>
    public IReadOnlyList<int> QueueCuts { get; init; } = [3, 4];

    /// <summary>Most lanes of one shard: 1 to 131,072. Every queue has a place for each of them.</summary>
    public int LaneCapacity { get; init; } = 4096;

    /// <summary>How long one access may last on a shard before the watchdog gives the shard to another thread, in milliseconds: 10 to 60,000.</summary>
    public int AccessLimitMilliseconds { get; init; } = 200;

    /// <summary>Time the stages of every Nth item from the start: 0 (none) to 1,000,000.</summary>
    public int SampleEvery { get; init; }

    /// <summary>Most workers that were replaced and have not come back. Less than that is for tests: each takes a thread.</summary>
    internal int MostHanging { get; init; } = 256;

    /// <summary>The stage at which an item returns to its shard.</summary>
    internal int ReturnStage => QueueCuts[^1];

    /// <summary>Throws for the first option out of its range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its legal range.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Topology))
        {
            throw new ArgumentException($"Topology is {(int)Topology}; it must be Fused, Queued or Dataflow");
        }

        Require(nameof(Shards), Shards, 1, 256);
        Require(nameof(SpinMicroseconds), SpinMicroseconds, 0, 1_000_000);
        Require(nameof(Workers), Workers, 1, 256);
        Require(nameof(LaneCapacity), LaneCapacity, 1, 131_072);
        Require(nameof(AccessLimitMilliseconds), AccessLimitMilliseconds, 10, 60_000);
        Require(nameof(SampleEvery), SampleEvery, 0, MostSampleEvery);
        bool legal = QueueCuts is { Count: >= 2 and <= 5 };
        for (int i = 0; legal && i < QueueCuts.Count; i++)
        {
            legal = QueueCuts[i] is >= 1 and <= 5 && (i == 0 || QueueCuts[i] > QueueCuts[i - 1]);
        }

        if (!legal)
        {
            throw new ArgumentException($"QueueCuts is [{string.Join(", ", QueueCuts ?? [])}]; it must be 2 to 5 ascending stage numbers from 1 to 5");
        }
    }

    private static void Require(string key, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException($"{key} is {value}; it must be {least} to {most}");
        }
    }
}
