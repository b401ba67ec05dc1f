using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Cli.Top;

/// <summary>What a daemon did between two looks at its status.</summary>
/// <param name="Daemon">The daemon.</param>
/// <param name="Seconds">The time between, by the daemon's own clock.</param>
/// <param name="RequestsPerSecond">Requests in it, of all shards.</param>
/// <param name="Shards">The shards, by number.</param>
/// <param name="Guests">The guests, in the order that was asked for.</param>
internal sealed record TopReport(DaemonReport Daemon, double Seconds, double RequestsPerSecond, IReadOnlyList<TopShard> Shards, IReadOnlyList<TopGuest> Guests)
{
    /// <summary>Compares two looks. What has begun anew between them (a daemon, a guest that attached again) counts from its beginning.</summary>
    /// <param name="before">The earlier one.</param>
    /// <param name="now">The later one.</param>
    public static TopReport Of(StatusReport before, StatusReport now)
    {
        bool isSame = before.Daemon.ProcessId == now.Daemon.ProcessId && before.Daemon.UptimeSeconds < now.Daemon.UptimeSeconds;
        double seconds = Math.Max(isSame ? now.Daemon.UptimeSeconds - before.Daemon.UptimeSeconds : now.Daemon.UptimeSeconds, 0.001);
        Dictionary<int, ShardReport> shards = isSame ? before.Shards.ToDictionary(static shard => shard.Shard) : [];
        Dictionary<(int Domain, int Device), GuestReport> guests = isSame ? before.Guests.ToDictionary(static guest => (guest.Domain, guest.Device)) : [];
        TopShard[] compared = [.. now.Shards.Select(shard => Of(shards.GetValueOrDefault(shard.Shard), shard, seconds))];
        return new(
            now.Daemon, seconds, compared.Sum(static shard => shard.RequestsPerSecond), compared,
            [.. now.Guests.Select(guest => Of(guests.GetValueOrDefault((guest.Domain, guest.Device)), guest, seconds))]);
    }

    private static TopShard Of(ShardReport? before, ShardReport now, double seconds)
    {
        ShardTotals totals = before?.Totals ?? default;
        long served = Since(totals.Served, now.Totals.Served);
        long wakeups = Since(totals.Wakeups, now.Totals.Wakeups);
        PassageTimes passages = before is null ? now.Passages : now.Passages.Since(before.Passages);
        return new(
            now.Shard, now.Guests, now.Answers, served / seconds, wakeups / seconds, served == 0 ? null : Math.Max(0, 1 - ((double)wakeups / served)),
            now.Totals.Expired, now.Totals.Takeovers, passages.Count(), passages.QuantileNanoseconds(0.5), passages.QuantileNanoseconds(0.99));
    }

    private static TopGuest Of(GuestReport? before, GuestReport now, double seconds)
    {
        // Its counters begin anew when it attaches again.
        GuestCounterValues counters = before is null || before.Counters.Requests > now.Counters.Requests ? default : before.Counters;
        return new(
            now.Domain, now.Device, now.Name, now.Backend, now.Shard, now.Functions.Count,
            Since(counters.Requests, now.Counters.Requests) / seconds,
            Since(counters.DeniedWrites, now.Counters.DeniedWrites) / seconds,
            Since(counters.HardwareAccesses, now.Counters.HardwareAccesses) / seconds,
            now.Counters.Requests, now.Counters.DeniedWrites, now.Counters.Expired + now.Counters.LateReplies);
    }

    private static long Since(long before, long now) => before > now ? now : now - before;
}
