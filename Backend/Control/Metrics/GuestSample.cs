using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>A guest as the API knows it, with its counters of the moment, read once for all metrics.</summary>
/// <param name="Guest">The guest.</param>
/// <param name="Name">Its name; empty when it has none.</param>
/// <param name="Counters">What it has done since it attached.</param>
internal sealed record GuestSample(GuestSnapshot Guest, string Name, GuestCounterValues Counters)
{
    /// <summary>The guest as a label's value: its domain id, <c>ID-N</c> for a bus other than 0, as in the live tree.</summary>
    public string Domain { get; } = Guest.Id.DeviceId == 0
        ? MetricText.Number(Guest.DomainId) : $"{MetricText.Number(Guest.DomainId)}-{MetricText.Number(Guest.Id.DeviceId)}";

    /// <summary>Its functions.</summary>
    internal IReadOnlyList<FunctionSnapshot> Functions => Guest.Functions;
}
