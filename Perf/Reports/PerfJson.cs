using System.Text.Json;
using System.Text.Json.Serialization;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Profiling;

namespace PciBackFlow.Perf.Reports;

/// <summary>The reports as JSON, with the names of the command line's contract. Generated code only: it compiles ahead of time.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, WriteIndented = true)]
[JsonSerializable(typeof(LoadReport))]
[JsonSerializable(typeof(ProfileReport))]
public sealed partial class PerfJson : JsonSerializerContext
{
    /// <summary>A load report as JSON text.</summary>
    /// <param name="report">The report.</param>
    /// <returns>One object.</returns>
    public static string Format(LoadReport report) => JsonSerializer.Serialize(report, Default.LoadReport);

    /// <summary>A profile as JSON text.</summary>
    /// <param name="report">The report.</param>
    /// <returns>One object.</returns>
    public static string Format(ProfileReport report) => JsonSerializer.Serialize(report, Default.ProfileReport);
}
