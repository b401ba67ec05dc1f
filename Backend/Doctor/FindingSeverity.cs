using System.Text.Json.Serialization;

namespace PciBackFlow.Backend.Doctor;

/// <summary>How much a finding matters.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FindingSeverity>))]
public enum FindingSeverity
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Worth knowing; nothing to do.</summary>
    [JsonStringEnumMemberName("information")]
    Information,

    /// <summary>Stops nothing, but a person should look at it.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Something would be refused, or cannot work.</summary>
    [JsonStringEnumMemberName("refusal")]
    Refusal,
}
