using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>
/// What guests are and do. The counters of a guest begin anew when it attaches again, and its series end with it: there are as many as there are guests.
/// </summary>
internal static class GuestMetrics
{
    private static readonly string[] Guest = ["domain", "guest"];

    // By what was asked, and by what was answered: nobody counts both at once.
    private static readonly (string Operation, Func<GuestCounterValues, long> Value)[] Operations =
    [
        ("read", static counters => counters.ConfigReads),
        ("write", static counters => counters.ConfigWrites),
        ("msi", static counters => counters.MsiOperations),
        ("msix", static counters => counters.MsixOperations),
        ("unknown", static counters => counters.UnknownOperations),
    ];

    private static readonly (string Result, Func<GuestCounterValues, long> Value)[] Results =
    [
        ("success", static counters => counters.Success),
        ("dev_not_found", static counters => counters.DeviceNotFound),
        ("invalid_offset", static counters => counters.InvalidOffset),
        ("access_denied", static counters => counters.AccessDenied),
        ("not_implemented", static counters => counters.NotImplemented),
        ("op_failed", static counters => counters.OperationFailed),
    ];

    private static readonly (string Condition, Func<FunctionSnapshot, bool> Fits)[] Conditions =
    [
        ("ready", static function => function is { IsGone: false, IsSlow: false }),
        ("slow", static function => function is { IsGone: false, IsSlow: true }),
        ("gone", static function => function.IsGone),
    ];

    public static readonly IReadOnlyList<Metric> All =
    [
        new("pcibackflow_guests", MetricKind.Gauge, "Guests with a PCI bus, by the state of their backend.", ["state"], WriteStates),
        new("pcibackflow_functions", MetricKind.Gauge,
            "Functions that guests have: ready, slow (accesses are made by workers) or gone (no answer any more).", ["condition"], WriteConditions),
        new("pcibackflow_guest_functions", MetricKind.Gauge, "Functions that a guest has.", Guest, static (sample, samples) =>
        {
            foreach (GuestSample guest in sample.Guests)
            {
                samples.Add(guest.Functions.Count, guest.Domain, guest.Name);
            }
        }),
        new("pcibackflow_requests_total", MetricKind.Counter, "Requests of a guest that were answered, by what was asked for.", [.. Guest, "operation"],
            static (sample, samples) => Write(sample, samples, Operations)),
        new("pcibackflow_answers_total", MetricKind.Counter, "The same requests by the status that was answered.", [.. Guest, "result"],
            static (sample, samples) => Write(sample, samples, Results)),
        Counter("pcibackflow_denied_writes_total", "Writes of which policy dropped at least one bit.", static counters => counters.DeniedWrites),
        Counter("pcibackflow_hardware_accesses_total", "Accesses to registers of a guest's functions.", static counters => counters.HardwareAccesses),
        Counter("pcibackflow_shadow_answers_total", "Successful accesses that were answered without the hardware.", static counters => counters.ShadowAnswers),
        Counter("pcibackflow_slow_requests_total", "Requests whose register accesses took a millisecond or more.", static counters => counters.SlowAccesses),
        Counter("pcibackflow_offloaded_requests_total", "Requests that a worker did because they could block.", static counters => counters.Offloaded),
        Counter("pcibackflow_expired_requests_total", "Requests answered with a failure because they were late.", static counters => counters.Expired),
        Counter("pcibackflow_late_replies_total", "Answers that were dropped because the guest had given up.", static counters => counters.LateReplies),
        Counter("pcibackflow_notify_failures_total", "Answers whose event could not be sent; 0 unless the daemon is broken.",
            static counters => counters.NotifyFailures),
    ];

    private static Metric Counter(string name, string help, Func<GuestCounterValues, long> value) =>
        new(name, MetricKind.Counter, help, Guest, (sample, samples) =>
        {
            foreach (GuestSample guest in sample.Guests)
            {
                samples.Add(value(guest.Counters), guest.Domain, guest.Name);
            }
        });

    private static void Write(DaemonSample sample, MetricSamples samples, (string Word, Func<GuestCounterValues, long> Value)[] counters)
    {
        foreach (GuestSample guest in sample.Guests)
        {
            foreach ((string word, Func<GuestCounterValues, long> value) in counters)
            {
                samples.Add(value(guest.Counters), guest.Domain, guest.Name, word);
            }
        }
    }

    private static void WriteStates(DaemonSample sample, MetricSamples samples)
    {
        foreach (string state in GuestReport.States)
        {
            samples.Add(sample.Guests.Count(guest => GuestReport.NameOf(guest.Guest.Backend) == state), state);
        }
    }

    private static void WriteConditions(DaemonSample sample, MetricSamples samples)
    {
        foreach ((string condition, Func<FunctionSnapshot, bool> fits) in Conditions)
        {
            samples.Add(sample.Guests.Sum(guest => guest.Functions.Count(fits)), condition);
        }
    }
}
