using System.Text.Json.Serialization;

namespace PciBackFlow.Backend.Devices.Description;

/// <summary>What a capture does not say of a region, as <c>devices --json</c> prints it.</summary>
/// <param name="Register"><c>BAR0</c> to <c>BAR5</c>, <c>Expansion ROM</c>.</param>
/// <param name="Size">Its length in bytes, as assumed.</param>
public sealed record DeviceAssumption([property: JsonPropertyName("register")] string Register, [property: JsonPropertyName("size")] ulong Size);
