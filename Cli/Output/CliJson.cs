using System.Text.Json;
using System.Text.Json.Serialization;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Doctor;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;

namespace PciBackFlow.Cli.Output;

/// <summary>What verbs print with <c>--json</c>, apart from the load harness's own reports. Generated code only: it compiles ahead of time.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<SettingReport>))]
[JsonSerializable(typeof(IReadOnlyList<DeviceReport>))]
[JsonSerializable(typeof(IReadOnlyList<AssignmentReport>))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(IReadOnlyList<ShippedPolicy>))]
[JsonSerializable(typeof(PolicyTrial))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class CliJson : JsonSerializerContext
{
    public static void Write(TextWriter output, IReadOnlyList<SettingReport> settings) =>
        output.WriteLine(JsonSerializer.Serialize(settings, Default.IReadOnlyListSettingReport));

    public static void Write(TextWriter output, IReadOnlyList<DeviceReport> devices) =>
        output.WriteLine(JsonSerializer.Serialize(devices, Default.IReadOnlyListDeviceReport));

    public static void Write(TextWriter output, IReadOnlyList<AssignmentReport> devices) =>
        output.WriteLine(JsonSerializer.Serialize(devices, Default.IReadOnlyListAssignmentReport));

    public static void Write(TextWriter output, IReadOnlyList<ShippedPolicy> policies) =>
        output.WriteLine(JsonSerializer.Serialize(policies, Default.IReadOnlyListShippedPolicy));

    public static void Write(TextWriter output, PolicyTrial trial) =>
        output.WriteLine(JsonSerializer.Serialize(trial, Default.PolicyTrial));

    public static void Write(TextWriter output, DoctorReport report) =>
        output.WriteLine(JsonSerializer.Serialize(report, Default.DoctorReport));

    public static void Write(TextWriter output, JsonElement value) =>
        output.WriteLine(JsonSerializer.Serialize(value, Default.JsonElement));

    public static void Write(TextWriter output, StatusReport status) =>
        output.WriteLine(JsonSerializer.Serialize(status, Default.StatusReport));
}
