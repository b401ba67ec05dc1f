using PciBackFlow.Backend.Control.Metrics;

namespace PciBackFlow.Backend.Tests.Control.Metrics;

public sealed class MetricTextTests
{
    [Fact]
    public void Every_metric_has_its_help_and_its_kind_before_its_samples()
    {
        string text = Samples.Text(Samples.Daemon(Samples.Guest(7, "web")));

        foreach (Metric metric in MetricTable.All)
        {
            string[] parts = text.Split($"# HELP {metric.Name} {metric.Help}\n# TYPE {metric.Name} {MetricText.NameOf(metric.Kind)}\n{metric.Name}");
            Assert.Equal(2, parts.Length);
        }
    }

    [Fact]
    public void Samples_are_what_was_counted()
    {
        string[] lines = Samples.Lines(Samples.Text(Samples.Daemon(
            Samples.Guest(7, "web", counters: new() { ConfigReads = 11, Success = 9, AccessDenied = 2, DeniedWrites = 3 }))));

        Assert.Contains("pcibackflow_build_info{version=\"1.2.3\",platform=\"loopback\",topology=\"fused\"} 1", lines);
        Assert.Contains("pcibackflow_trace_records_dropped_total{reason=\"slow_reader\"} 6", lines);
        Assert.Contains("pcibackflow_guests{state=\"connected\"} 1", lines);
        Assert.Contains("pcibackflow_guests{state=\"closing\"} 0", lines);
        Assert.Contains("pcibackflow_requests_total{domain=\"7\",guest=\"web\",operation=\"read\"} 11", lines);
        Assert.Contains("pcibackflow_answers_total{domain=\"7\",guest=\"web\",result=\"access_denied\"} 2", lines);
        Assert.Contains("pcibackflow_denied_writes_total{domain=\"7\",guest=\"web\"} 3", lines);
        Assert.Contains("pcibackflow_shard_guests{shard=\"1\"} 1", lines);
        Assert.Contains("pcibackflow_shard_wakeups_total{shard=\"0\"} 2", lines);
        Assert.Contains("pcibackflow_replaced_workers_total 4", lines);
        Assert.Contains("pcibackflow_devices{state=\"free\"} 1", lines);
        Assert.Contains("pcibackflow_devices{state=\"attached\"} 1", lines);
        Assert.Contains("pcibackflow_devices{state=\"unusable\"} 1", lines);
        Assert.Contains("pcibackflow_device_errors_total{device=\"0000:00:04.0\",severity=\"non_fatal\"} 2", lines);
        Assert.Contains("pcibackflow_device_quarantined{device=\"0000:00:04.0\"} 1", lines);
    }

    [Fact]
    public void A_histogram_adds_up_from_bound_to_bound_in_seconds()
    {
        string[] lines = [.. Samples.Lines(Samples.Text(Samples.Daemon())).Where(static line => line.StartsWith(
            "pcibackflow_request_duration_seconds", StringComparison.Ordinal))];

        Assert.Equal(22, lines.Length);
        Assert.Equal("pcibackflow_request_duration_seconds_bucket{le=\"1e-06\"} 1", lines[0]);
        Assert.Equal("pcibackflow_request_duration_seconds_bucket{le=\"2e-06\"} 3", lines[1]);
        Assert.Equal("pcibackflow_request_duration_seconds_bucket{le=\"1\"} 3", lines[18]);
        Assert.Equal("pcibackflow_request_duration_seconds_bucket{le=\"+Inf\"} 3", lines[19]);
        Assert.Equal("pcibackflow_request_duration_seconds_sum 4.5E-06", lines[20]);
        Assert.Equal("pcibackflow_request_duration_seconds_count 3", lines[21]);
    }

    [Theory]
    [InlineData("we\"b", "we\\\"b")]
    [InlineData("we\\b", "we\\\\b")]
    [InlineData("web\npcibackflow_guests 7", "web\\npcibackflow_guests 7")]
    [InlineData("schön", "schön")]
    public void A_guests_name_cannot_become_a_sample(string name, string escaped)
    {
        string text = Samples.Text(Samples.Daemon(Samples.Guest(7, name)));

        Assert.Contains($"pcibackflow_denied_writes_total{{domain=\"7\",guest=\"{escaped}\"}} 0\n", text, StringComparison.Ordinal);
        Assert.Equal(Samples.Lines(Samples.Text(Samples.Daemon(Samples.Guest(7, "web")))).Length, Samples.Lines(text).Length);
    }

    [Fact]
    public void Two_buses_of_one_guest_are_two_series()
    {
        string[] lines = Samples.Lines(Samples.Text(Samples.Daemon(Samples.Guest(7, "web"), Samples.Guest(7, "web", device: 1))));

        Assert.Equal(lines.Length, lines.Select(static line => line[..line.LastIndexOf(' ')]).Distinct().Count());
        Assert.Contains("pcibackflow_late_replies_total{domain=\"7-1\",guest=\"web\"} 0", lines);
    }

    [Fact]
    public void A_text_is_written_over_by_the_next_one()
    {
        MetricText text = new();
        int first = text.Write(Samples.Daemon(Samples.Guest(7, "web"))).Length;

        Assert.True(text.Write(Samples.Daemon()).Length < first);
    }

    [Fact]
    public void A_sample_with_another_number_of_labels_is_refused()
    {
        Metric metric = new("some", MetricKind.Gauge, "some", ["one"], static (_, samples) => samples.Add(1));

        Assert.Throws<ArgumentException>(() => metric.Write(Samples.Daemon(), new(new MetricText(), metric)));
    }
}
