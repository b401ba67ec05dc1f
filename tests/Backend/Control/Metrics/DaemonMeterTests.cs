using System.Diagnostics.Metrics;
using System.Globalization;
using PciBackFlow.Backend.Control.Metrics;

namespace PciBackFlow.Backend.Tests.Control.Metrics;

public sealed class DaemonMeterTests
{
    [Fact]
    public void The_meter_says_what_the_text_says_but_for_the_buckets()
    {
        DaemonSample sample = Samples.Daemon(Samples.Guest(7, "web", counters: new() { ConfigReads = 11, DeniedWrites = 3 }));

        string[] heard = Listen(() => sample);

        // What the process says of itself (collections, memory, time) moves between two looks.
        string[] expected =
            [.. Samples.Lines(Samples.Text(sample)).Where(static line => !line.Contains("_bucket{", StringComparison.Ordinal) && IsCounted(line))];
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Order(StringComparer.Ordinal), heard.Where(IsCounted).Order(StringComparer.Ordinal));
        Assert.Contains("pcibackflow_requests_total{domain=\"7\",guest=\"web\",operation=\"read\"} 11", heard);
        Assert.Contains("pcibackflow_request_duration_seconds_count 3", heard);
    }

    [Fact]
    public void One_look_at_the_daemon_serves_all_instruments()
    {
        int looks = 0;

        Listen(() =>
        {
            looks++;
            return Samples.Daemon();
        });

        Assert.InRange(looks, 1, MetricTable.All.Count / 4);
    }

    [Fact]
    public void Nobody_looks_while_nobody_listens()
    {
        int looks = 0;

        using (DaemonMeter meter = new("1.2.3", () =>
        {
            looks++;
            return Samples.Daemon();
        }))
        {
            Assert.Equal(0, looks);
        }

        Assert.Equal(0, looks);
    }

    private static bool IsCounted(string line) =>
        !line.StartsWith("pcibackflow_gc", StringComparison.Ordinal) && !line.StartsWith("process_", StringComparison.Ordinal);

    /// <summary>What a listener hears of one meter, as lines of the text.</summary>
    private static string[] Listen(Func<DaemonSample> look)
    {
        List<string> lines = [];
        string version = Guid.NewGuid().ToString();
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, to) =>
            {
                // Other tests have meters of the same name.
                if (instrument.Meter.Name == DaemonMeter.Name && instrument.Meter.Version == version)
                {
                    to.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            string labels = string.Join(',', tags.ToArray().Select(static tag => $"{tag.Key}=\"{tag.Value}\""));
            lines.Add($"{instrument.Name}{(labels.Length == 0 ? "" : $"{{{labels}}}")} {value.ToString("R", CultureInfo.InvariantCulture)}");
        });
        listener.Start();
        using DaemonMeter meter = new(version, look);
        listener.RecordObservableInstruments();
        return [.. lines];
    }
}
