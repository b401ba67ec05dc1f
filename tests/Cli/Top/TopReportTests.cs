using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Cli.Top;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Cli.Tests.Top;

public sealed class TopReportTests
{
    [Fact]
    public void What_was_counted_between_two_looks_is_divided_by_the_daemons_own_time()
    {
        var report = TopReport.Of(
            Status(10, 1, new() { Served = 100, Wakeups = 40, Expired = 3 }, Guest(5, 100, denied: 4)),
            Status(12, 1, new() { Served = 300, Wakeups = 90, Expired = 3 }, Guest(5, 300, denied: 10)));

        Assert.Equal((2, 100), (report.Seconds, report.RequestsPerSecond));
        TopShard shard = Assert.Single(report.Shards);
        Assert.Equal((100, 25, 0.75, 3L), (shard.RequestsPerSecond, shard.WakeupsPerSecond, shard.SpinShare, shard.Expired));
        Assert.Equal((0, null, null), (shard.Sampled, shard.P50Ns, shard.P99Ns));
        TopGuest guest = Assert.Single(report.Guests);
        Assert.Equal((100, 3, 300L, 10L), (guest.RequestsPerSecond, guest.DeniedPerSecond, guest.Requests, guest.Denied));
    }

    [Fact]
    public void A_guest_that_attached_again_or_is_new_counts_from_its_beginning()
    {
        var report = TopReport.Of(Status(10, 1, default, Guest(5, 100)), Status(12, 1, default, Guest(5, 20), Guest(6, 8)));

        Assert.Equal([10, 4], report.Guests.Select(static guest => guest.RequestsPerSecond));
    }

    [Fact]
    public void A_daemon_that_followed_another_counts_from_its_start()
    {
        var report = TopReport.Of(
            Status(10, 1, new() { Served = 5 }, Guest(5, 5)), Status(4, 2, new() { Served = 40 }, Guest(5, 40)));

        Assert.Equal((4, 10), (report.Seconds, report.RequestsPerSecond));
        Assert.Equal(10, Assert.Single(report.Guests).RequestsPerSecond);
    }

    [Fact]
    public void Latencies_are_of_the_requests_sampled_between_the_looks()
    {
        StatusReport before = Status(10, 1, default);
        StatusReport now = Status(12, 1, default);
        before = before with { Shards = [before.Shards[0] with { Passages = Sampled(900_000_000) }] };
        now = now with { Shards = [now.Shards[0] with { Passages = Sampled(900_000_000, 1_500, 1_600, 1_700) }] };

        TopShard shard = Assert.Single(TopReport.Of(before, now).Shards);

        Assert.Equal(3, shard.Sampled);
        Assert.InRange(shard.P50Ns!.Value, 1_000, 2_000);
        Assert.InRange(shard.P99Ns!.Value, shard.P50Ns.Value, 2_000);
    }

    [Fact]
    public void A_shard_without_a_request_has_no_share_that_spinning_earned() =>
        Assert.Null(Assert.Single(TopReport.Of(Status(10, 1, default), Status(12, 1, new() { Wakeups = 4 })).Shards).SpinShare);

    internal static StatusReport Status(double uptime, int process, ShardTotals totals, params GuestReport[] guests) => new(
        new("1.2.3", "loopback", process, uptime, "fused"), [new(0, guests.Length, Answers: true, totals, PassageTimes.None)], default, guests, [],
        new([], []), []);

    internal static GuestReport Guest(int domain, long requests, long denied = 0, string? name = null) =>
        new(domain, name, 0, "connected", "connected", 0, 3, [], new GuestCounterValues { Requests = requests, DeniedWrites = denied });

    private static PassageTimes Sampled(params long[] nanoseconds)
    {
        long[] counts = new long[PassageTimes.UpperBounds.Count + 1];
        foreach (long one in nanoseconds)
        {
            counts[PassageTimes.PlaceOf(one)]++;
        }

        return new(counts, nanoseconds.Sum());
    }
}
