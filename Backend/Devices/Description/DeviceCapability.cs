using System.Text.Json.Serialization;

namespace PciBackFlow.Backend.Devices.Description;

/// <summary>One capability as <c>devices --json</c> prints it.</summary>
/// <param name="Id">The id.</param>
/// <param name="Name">setpci's short name: <c>PM</c>, <c>AER</c>.</param>
/// <param name="Title">Its full name.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="Extended">Whether it is in the extended list.</param>
/// <param name="Version">Version of an extended one; 0 otherwise.</param>
public sealed record DeviceCapability(
    [property: JsonPropertyName("id")] int Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("title")] string Title,
    [property: JsonPropertyName("offset")] int Offset,
    [property: JsonPropertyName("extended")] bool Extended,
    [property: JsonPropertyName("version")] int Version);
