using System.Globalization;
using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Cli.Top;

/// <summary>A page of <c>top</c>, line by line.</summary>
internal static class TopText
{
    private const string Name = "NAME";

    /// <summary>What the keys do.</summary>
    public static IReadOnlyList<string> Help { get; } =
    [
        "Keys: q ends, h or ? shows this, space looks again at once; guests are sorted by",
        .. TopOrder.All.Select(static order => $"  {order.Key}  {order.What}"),
        "spun: share of a shard's requests that needed no wake-up of their own.",
        "p50, p99: time of sampled requests in the daemon; '-' unless 'sample' is in its configuration.",
    ];

    /// <summary>The page.</summary>
    /// <param name="report">What it shows; guests as they come.</param>
    public static IReadOnlyList<string> Lines(TopReport report) =>
    [
        string.Create(
            CultureInfo.InvariantCulture,
            $"pcibackflow {report.Daemon.Version} on {report.Daemon.Platform}, up {TimeSpan.FromSeconds((long)report.Daemon.UptimeSeconds):c}; "
            + $"{report.Guests.Count} guests, {report.Guests.Sum(static guest => guest.Functions)} functions; {Rate(report.RequestsPerSecond)} requests/s"),
        "",
        .. Table(
            ["SHARD", "GUESTS", "REQ/S", "WAKE-UPS/S", "SPUN", "EXPIRED", "HUNG", "P50", "P99"],
            report.Shards.Select(static shard => new[]
            {
                Number(shard.Shard) + (shard.Answers ? "" : "!"), Number(shard.Guests), Rate(shard.RequestsPerSecond), Rate(shard.WakeupsPerSecond),
                shard.SpinShare is { } share ? Number((long)(share * 100)) + "%" : "-", Number(shard.Expired), Number(shard.Hung), Time(shard.P50Ns),
                Time(shard.P99Ns),
            })),
        "",
        .. Table(
            ["DOM", "SHARD", "FUNCS", "REQ/S", "DENIED/S", "HW/S", "REQUESTS", "DENIED", "LATE", "STATE", Name],
            report.Guests.Select(static guest => new[]
            {
                Number(guest.Domain) + (guest.Device == 0 ? "" : $"-{Number(guest.Device)}"), guest.Shard is { } shard ? Number(shard) : "-",
                Number(guest.Functions), Rate(guest.RequestsPerSecond), Rate(guest.DeniedPerSecond), Rate(guest.HardwarePerSecond), Number(guest.Requests),
                Number(guest.Denied), Number(guest.Late), guest.State, guest.Name ?? "-",
            })),
    ];

    // Numbers to the right under their heads, so that they can be compared by eye; names as they are.
    private static IEnumerable<string> Table(string[] heads, IEnumerable<string[]> rows)
    {
        string[][] all = [heads, .. rows];
        int[] widths = [.. heads.Select((head, column) => head == Name ? 0 : all.Max(row => row[column].Length))];
        return all.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadLeft(widths[column]))));
    }

    private static string Rate(double perSecond) => perSecond.ToString(perSecond is > 0 and < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static string Time(long? nanoseconds) => nanoseconds is { } known ? DurationText.Format(known) : "-";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
