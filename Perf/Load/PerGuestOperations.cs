using System.Text.Json.Serialization;

namespace PciBackFlow.Perf.Load;

/// <summary>The least and the best served guest.</summary>
/// <param name="Min">Operations of the guest with the fewest.</param>
/// <param name="Max">Operations of the guest with the most.</param>
public sealed record PerGuestOperations(
    [property: JsonPropertyName("min_operations")] long Min,
    [property: JsonPropertyName("max_operations")] long Max);
