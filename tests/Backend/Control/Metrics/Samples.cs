using System.Text;
using PciBackFlow.Backend.Control.Metrics;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Tests.Control.Metrics;

/// <summary>A daemon with guests, devices and errors, made up.</summary>
internal static class Samples
{
    public static DaemonSample Daemon(params GuestSample[] guests) => new()
    {
        Daemon = new("1.2.3", "loopback", 1, 60, "fused"),
        Guests = guests,
        Devices =
        [
            new() { Address = "0000:00:04.0", Domain = 7 }, new() { Address = "0000:00:05.0" }, new() { Address = "0000:00:06.0", Unusable = "no reset" },
        ],
        Errors = new([], [new("0000:00:04.0", 3, 2, 1, 0, 1, 0, 0, 0, 0, Quarantined: true, null)]),
        Engine = default(EngineCounters) with { ReplacedWorkers = 4 },
        Shards = [default(ShardTotals) with { Served = 10, Wakeups = 2 }, default],
        Passages = [new([1, 2, .. new long[18]], 4_500), PassageTimes.None],
        TracesOverflown = 5,
        TracesBehind = 6,
    };

    public static GuestSample Guest(int domain, string name, int device = 0, GuestCounterValues counters = default) =>
        new(Snapshot(domain, device), name, counters);

    public static GuestSnapshot Snapshot(int domain, int device = 0) =>
        new(new GuestId(domain, device), XenbusState.Connected, XenbusState.Connected, domain % 2, domain, [], new GuestCounters());

    public static string Text(DaemonSample sample) => Encoding.UTF8.GetString(new MetricText().Write(sample).Span);

    /// <summary>The lines that are samples.</summary>
    public static string[] Lines(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#')];
}
