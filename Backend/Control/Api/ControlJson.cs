using System.Text.Json;
using System.Text.Json.Serialization;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>
/// The control API's JSON: <c>snake_case</c> keys; unknown keys of a request are refused, those of an answer its reader passes over. Generated code
/// only: it compiles ahead of time.
/// </summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(IReadOnlyList<DeviceReport>))]
[JsonSerializable(typeof(DeviceReport))]
[JsonSerializable(typeof(IReadOnlyList<AssignmentReport>))]
[JsonSerializable(typeof(AssignmentReport))]
[JsonSerializable(typeof(ControlProblem))]
[JsonSerializable(typeof(ReloadReport))]
[JsonSerializable(typeof(TakeDevice))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(DaemonReport))]
[JsonSerializable(typeof(ShardReport))]
[JsonSerializable(typeof(EngineCounters))]
[JsonSerializable(typeof(GuestReport))]
[JsonSerializable(typeof(FunctionReport))]
[JsonSerializable(typeof(ErrorsReport))]
[JsonSerializable(typeof(IReadOnlyList<SettingReport>))]
[JsonSerializable(typeof(AttachDevice))]
[JsonSerializable(typeof(RequestProfile))]
public sealed partial class ControlJson : JsonSerializerContext;
