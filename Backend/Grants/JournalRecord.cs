using System.Text.Json.Serialization;

namespace PciBackFlow.Backend.Grants;

/// <summary>One line of the journal. Complete in itself, so that compaction may drop those before it.</summary>
internal sealed record JournalRecord(
    long Id, string Boot, Guid Uuid, int Domain, string Device, GrantKind Kind, ulong First, ulong Count, string? Text, JournalPhase Phase, GrantOwner Owner);

/// <summary>The records' JSON, generated at compile time.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JournalRecord))]
internal sealed partial class JournalJson : JsonSerializerContext;
