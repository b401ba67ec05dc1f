using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HdrHistogram;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Tests.Load;

/// <summary>
/// What a scrape of the metrics and a look of the live page cost those who serve a thousand guests. What is counted is asserted, what was timed is printed.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class LookedAtLoadTests(ITestOutputHelper output)
{
    private const int Guests = 1000;
    private const int Shards = 2;
    private const int Looks = 5;

    // Longer than one status is given to all who ask.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(600);

    private static readonly HttpClient Client = new();

    [Fact]
    public async Task A_scrape_wakes_no_shard_and_a_look_of_the_page_each_once()
    {
        using EmbeddedLoad load = Open();
        using MetricsServer metrics = new(FreePort(out int metricsPort), Services(load.Backend), NullLoggerFactory.Instance);
        using LivePageServer page = new(FreePort(out int pagePort), Services(load.Backend), NullLoggerFactory.Instance);
        await metrics.StartAsync();
        await page.StartAsync();

        // Its guests are connected and ask nothing. The first look of each kind is compiled on its way.
        await Look(metricsPort, "/metrics");
        await Look(pagePort, "/v1/status");
        Looked scraped = await Repeat(load, metricsPort, "/metrics");
        Looked looked = await Repeat(load, pagePort, "/v1/status");
        Looked whole = await Repeat(load, pagePort, "/");

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Guests} guests, {Shards} shards, {Looks} looks of each kind"));
        output.WriteLine($"GET /metrics: {scraped}");
        output.WriteLine($"GET /v1/status: {looked}");
        output.WriteLine($"GET /: {whole}");
        Assert.Equal(0, scraped.WakeUps);
        Assert.InRange(looked.WakeUps, 0, Looks * Shards);
    }

    [Fact]
    public async Task Every_request_is_answered_rightly_while_somebody_looks()
    {
        for (int round = 0; round < 3; round++)
        {
            string without = await Measure(isLookedAt: false);
            string with = await Measure(isLookedAt: true);
            output.WriteLine($"p50 and p99 of requests: {without}; with a scrape and a look of the page each second {with}");
        }
    }

    private static async Task<string> Measure(bool isLookedAt)
    {
        using EmbeddedLoad load = Open();
        using MetricsServer metrics = new(FreePort(out int metricsPort), Services(load.Backend), NullLoggerFactory.Instance);
        using LivePageServer page = new(FreePort(out int pagePort), Services(load.Backend), NullLoggerFactory.Instance);
        await metrics.StartAsync();
        await page.StartAsync();
        load.Probe();
        load.Run(LoadPhase.WarmUp, After(0.5));
        using CancellationTokenSource end = new();
        Task looks = isLookedAt ? Task.Run(() => LookOn(metricsPort, pagePort, end.Token)) : Task.CompletedTask;
        load.Run(LoadPhase.Measure, After(3));
        await end.CancelAsync();
        load.Drain();
        await looks;

        LongHistogram latency = LatencySummary.NewHistogram();
        foreach (LoadClient client in load.Clients)
        {
            Assert.Equal(0, client.Errors);
            latency.Add(client.Samples.Latency);
        }

        var summary = LatencySummary.From(latency);
        return $"{DurationText.Format(summary.P50)}, {DurationText.Format(summary.P99)}";
    }

    private static async Task LookOn(int metricsPort, int pagePort, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await Look(metricsPort, "/metrics");
            await Look(pagePort, "/v1/status");
            await Task.Delay(TimeSpan.FromSeconds(1), end).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private static async Task<Looked> Repeat(EmbeddedLoad load, int port, string path)
    {
        long before = WakeUps(load);
        long bytes = 0;
        TimeSpan took = TimeSpan.Zero;
        for (int i = 0; i < Looks; i++)
        {
            await Task.Delay(Pause);
            TimeSpan begun = Environment.CpuUsage.TotalTime;
            bytes = await Look(port, path);
            took += Environment.CpuUsage.TotalTime - begun;
        }

        return new(bytes, took.TotalMilliseconds / Looks, WakeUps(load) - before);
    }

    private static long WakeUps(EmbeddedLoad load) => load.Backend.Engine.ReadShards().Sum(static shard => shard.Wakeups);

    private static async Task<long> Look(int port, string path) => (await Client.GetByteArrayAsync(new Uri($"http://127.0.0.1:{port}{path}"))).Length;

    private static EmbeddedLoad Open() =>
        new(new LoadOptions { Guests = Guests, Shards = Shards, ClientThreads = 1 }, LoadSource.Builtin(), progress: null, CancellationToken.None);

    private static Func<bool> After(double seconds)
    {
        long begun = Stopwatch.GetTimestamp();
        return () => Stopwatch.GetElapsedTime(begun).TotalSeconds >= seconds;
    }

    private static int FreePort(out int port)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return port;
    }

    private static ControlServices Services(BackendHost host) => new()
    {
        Version = "1",
        Platform = "loopback",
        Topology = PipelineTopology.Fused,
        Guests = () => host.Guests,
        NameOf = host.NameOf,
        Counters = host.Engine.ReadCounters,
        Totals = host.Engine.ReadShards,
        Passages = host.Engine.ReadPassages,
        Shards = new(Shards, host.Engine.Invoke),
        Custody = new EmulatedCustody([]),
        Toolstack = new NoToolstack(),
        Errors = static () => new([], []),
        Configuration = static () => [],
        Traces = host.Traces,
        Reload = static () => throw new NotSupportedException(),
    };

    /// <summary>Of one look's answer, both ends of the conversation together; of all looks.</summary>
    private sealed record Looked(long Bytes, double Milliseconds, long WakeUps)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Bytes} bytes, {Milliseconds:0.0} ms of processor time, {WakeUps} wake-ups of shards in all");
    }
}
