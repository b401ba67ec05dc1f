namespace PciBackFlow.Cli.Top;

/// <summary>A shard between two looks.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Guests">How many guests it serves.</param>
/// <param name="Answers">Whether it answers.</param>
/// <param name="RequestsPerSecond">Requests in this time.</param>
/// <param name="WakeupsPerSecond">Times in this time that it woke up.</param>
/// <param name="SpinShare">
/// Share of the requests of this time that needed no wake-up of their own, 0 to 1: what spinning earned; null without a request.
/// </param>
/// <param name="Expired">Requests since the start that were late.</param>
/// <param name="Hung">Times since the start that it got a new thread because its own hung.</param>
/// <param name="Sampled">Requests of this time whose duration is known.</param>
/// <param name="P50Ns">Their median, in nanoseconds; null when there is none.</param>
/// <param name="P99Ns">Their 99th percentile, in nanoseconds; null when there is none.</param>
internal sealed record TopShard(
    int Shard,
    int Guests,
    bool Answers,
    double RequestsPerSecond,
    double WakeupsPerSecond,
    double? SpinShare,
    long Expired,
    long Hung,
    long Sampled,
    long? P50Ns,
    long? P99Ns);
