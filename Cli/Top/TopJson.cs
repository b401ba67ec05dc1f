using System.Text.Json;
using System.Text.Json.Serialization;

namespace PciBackFlow.Cli.Top;

/// <summary>A refresh as one JSON document on a line of its own. Generated code only: it compiles ahead of time.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TopReport))]
internal sealed partial class TopJson : JsonSerializerContext
{
    public static string Line(TopReport report) => JsonSerializer.Serialize(report, Default.TopReport);
}
