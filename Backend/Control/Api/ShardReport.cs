using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>One shard.</summary>
/// <param name="Shard">Its number, from 0.</param>
/// <param name="Guests">How many guests it serves.</param>
/// <param name="Answers">Whether it answers within the time the watchdog gives it.</param>
/// <param name="Totals">What it has done since the start.</param>
/// <param name="Passages">How long sampled requests took since the start; nothing is counted while none are sampled.</param>
public sealed record ShardReport(int Shard, int Guests, bool Answers, ShardTotals Totals, PassageTimes Passages);
