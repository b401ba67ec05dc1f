using PciBackFlow.Backend.Control.Metrics;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Control.Metrics;

/// <summary>Answers while a guest is served.</summary>
public sealed class ScrapeTests
{
    [Fact]
    public async Task While_metrics_are_read_the_shards_allocate_nothing_for_requests_and_are_not_asked()
    {
        using Bench bench = new();
        using SmallFrontend guest = bench.Connect(1, Bench.HostA);
        MetricText text = new();
        Run(guest, 100);
        string before = Read(bench, text);
        long allocated = Allocated(bench);

        using ManualResetEventSlim over = new();
        using ManualResetEventSlim begun = new();
        Task<int> scraping = Task.Run(() =>
        {
            int scrapes = 0;
            while (!over.IsSet)
            {
                Read(bench, text);
                scrapes++;
                begun.Set();
            }

            return scrapes;
        });
        begun.Wait();
        Run(guest, 2000);
        over.Set();

        Assert.True(await scraping > 0);
        Assert.Equal(allocated, Allocated(bench));
        Assert.Contains("pcibackflow_requests_total{domain=\"1\",guest=\"\",operation=\"read\"} 100\n", before, StringComparison.Ordinal);
        Assert.Contains("pcibackflow_requests_total{domain=\"1\",guest=\"\",operation=\"read\"} 2100\n", Read(bench, text), StringComparison.Ordinal);
        Assert.Contains("pcibackflow_functions{condition=\"ready\"} 1\n", before, StringComparison.Ordinal);
    }

    private static void Run(SmallFrontend guest, int requests)
    {
        for (int i = 0; i < requests; i++)
        {
            Assert.Equal(PciOpStatus.Success, guest.Read(0, 0, 4).Status);
        }
    }

    private static string Read(Bench bench, MetricText text) => System.Text.Encoding.UTF8.GetString(text.Write(Samples.Daemon() with
    {
        Guests = [.. bench.Backend.Guests.Select(static guest => new GuestSample(guest, string.Empty, guest.ReadCounters()))],
        Engine = bench.Backend.Engine.ReadCounters(),
        Shards = bench.Backend.Engine.ReadShards(),
        Passages = bench.Backend.Engine.ReadPassages(),
    }).Span);

    private static long Allocated(Bench bench) => bench.Backend.Engine.ReadThreads().Sum(static thread => thread.AllocatedBytes);
}
