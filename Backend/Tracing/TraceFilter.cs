using PciBackFlow.Pci;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tracing;

/// <summary>Which requests are wanted of a trace; without anything said all.</summary>
/// <param name="IsDenied">Only writes of which policy denied something.</param>
/// <param name="Domain">Only this guest's; null for any.</param>
/// <param name="Host">Only those for this function of the host; null for any.</param>
/// <param name="Operation">Only this operation, by its word (<see cref="TraceOperations"/>); null for any.</param>
public sealed record TraceFilter(bool IsDenied = false, int? Domain = null, PciAddress? Host = null, string? Operation = null)
{
    /// <summary>Whether a request is wanted.</summary>
    /// <param name="record">The request.</param>
    /// <returns>Whether it is.</returns>
    public bool Matches(in TraceRecord record) =>
        (!IsDenied || record.IsDenied)
        && (Domain is not { } domain || record.Domain == domain)
        && (Host is not { } host || TraceEvent.HostOf(record) == host)
        && (Operation is null || TraceOperations.NameOf(record.Operation) == Operation);
}
