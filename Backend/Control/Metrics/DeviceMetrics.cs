using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Errors;

namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>What became of devices. Series of one device exist from its first error on.</summary>
internal static class DeviceMetrics
{
    private static readonly (string State, Func<DeviceReport, bool> Fits)[] States =
    [
        ("free", static device => device is { Domain: null, Unusable: null }),
        ("attached", static device => device.Domain is not null),
        ("unusable", static device => device is { Domain: null, Unusable: not null }),
    ];

    public static readonly IReadOnlyList<Metric> All =
    [
        new("pcibackflow_devices", MetricKind.Gauge, "Devices that are held for guests: free, attached to one, or unusable until something is done about it.",
            ["state"], static (sample, samples) =>
            {
                foreach ((string state, Func<DeviceReport, bool> fits) in States)
                {
                    samples.Add(sample.Devices.Count(fits), state);
                }
            }),
        ByWord("pcibackflow_device_errors_total", "Errors that a device reported (AER), by severity.", "severity",
            ("correctable", static device => device.Correctable),
            ("non_fatal", static device => device.NonFatal),
            ("fatal", static device => device.Fatal)),
        ByWord("pcibackflow_device_recoveries_total", "Recoveries from errors, by how they ended.", "outcome",
            ("recovered", static device => device.Recovered),
            ("failed", static device => device.Failed),
            ("abandoned", static device => device.Abandoned)),
        ByWord("pcibackflow_device_verdict_faults_total", "Answers of guests during a recovery that were none of the protocol's, or did not come.", "fault",
            ("bad", static device => device.BadVerdicts),
            ("late", static device => device.LateVerdicts)),
        Single("pcibackflow_device_coalesced_errors_total", MetricKind.Counter, "Errors that came while one before was being dealt with.",
            static device => device.Coalesced),
        Single("pcibackflow_device_quarantined", MetricKind.Gauge, "1 while a device is given to no guest because it failed again and again.",
            static device => device.Quarantined ? 1 : 0),
    ];

    private static Metric ByWord(string name, string help, string label, params (string Word, Func<DeviceErrorReport, long> Value)[] words) =>
        new(name, MetricKind.Counter, help, ["device", label], (sample, samples) =>
        {
            foreach (DeviceErrorReport device in sample.Errors.Devices)
            {
                foreach ((string word, Func<DeviceErrorReport, long> value) in words)
                {
                    samples.Add(value(device), device.Device, word);
                }
            }
        });

    private static Metric Single(string name, MetricKind kind, string help, Func<DeviceErrorReport, long> value) =>
        new(name, kind, help, ["device"], (sample, samples) =>
        {
            foreach (DeviceErrorReport device in sample.Errors.Devices)
            {
                samples.Add(value(device), device.Device);
            }
        });
}
