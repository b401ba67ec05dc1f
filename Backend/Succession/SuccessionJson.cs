using System.Text.Json.Serialization;

namespace PciBackFlow.Backend.Succession;

/// <summary>The messages' JSON, generated at compile time. Members that a later program adds are ignored.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(SuccessionMessage))]
internal sealed partial class SuccessionJson : JsonSerializerContext;
