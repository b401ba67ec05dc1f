using System.Text.Json.Serialization;

namespace PciBackFlow.Backend.Inheritance;

/// <summary>The documents' JSON, generated at compile time.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LeftGuest))]
[JsonSerializable(typeof(LeftAttributes))]
[JsonSerializable(typeof(LeftRecovery))]
internal sealed partial class InheritanceJson : JsonSerializerContext;
