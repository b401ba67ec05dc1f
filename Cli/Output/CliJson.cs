using System.Text.Json;
using System.Text.Json.Serialization;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Cli.Devices;

namespace PciBackFlow.Cli.Output;

/// <summary>What verbs print with <c>--json</c>, apart from the load harness's own reports. Generated code only: it compiles ahead of time.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<DeviceRow>))]
[JsonSerializable(typeof(IReadOnlyList<SettingReport>))]
[JsonSerializable(typeof(IReadOnlyList<DeviceReport>))]
[JsonSerializable(typeof(IReadOnlyList<AssignmentReport>))]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class CliJson : JsonSerializerContext
{
    public static void Write(TextWriter output, IReadOnlyList<DeviceRow> rows) =>
        output.WriteLine(JsonSerializer.Serialize(rows, Default.IReadOnlyListDeviceRow));

    public static void Write(TextWriter output, IReadOnlyList<SettingReport> settings) =>
        output.WriteLine(JsonSerializer.Serialize(settings, Default.IReadOnlyListSettingReport));

    public static void Write(TextWriter output, IReadOnlyList<DeviceReport> devices) =>
        output.WriteLine(JsonSerializer.Serialize(devices, Default.IReadOnlyListDeviceReport));

    public static void Write(TextWriter output, IReadOnlyList<AssignmentReport> devices) =>
        output.WriteLine(JsonSerializer.Serialize(devices, Default.IReadOnlyListAssignmentReport));

    public static void Write(TextWriter output, StatusReport status) =>
        output.WriteLine(JsonSerializer.Serialize(status, Default.StatusReport));
}
